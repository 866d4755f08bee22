/** Layers and what they cost. */
export * from './adder-weight.ts';
export { Adder2d, type AdderConfig } from './adder2d.ts';
export { type AttentionConfig, attentionOverPositions, headsFor, SelfAttention2d } from './attention.ts';
export { BatchNorm2d, type BatchNormConfig } from './batch-norm2d.ts';
export { Conv2d } from './conv2d.ts';
export * from './initialisers.ts';
export {
  disposeLayers,
  type Layer,
  makeBuffer,
  makeParameter,
  type NamedBuffer,
  type Source,
} from './layer.ts';
export { LayerNorm } from './layer-norm.ts';
export { Linear, type LinearConfig } from './linear.ts';
export { GlobalAveragePool, Pool2d } from './pools.ts';
export { RunningStatistics, recalibrate } from './running-statistics.ts';
export * from './shift-weight.ts';
export { ACTIVATION_BITS, Shift2d, type ShiftConfig, shiftConv2d } from './shift2d.ts';
export { type EffectiveWeight, PlainWeight, type PlainWeightOptions, readAs } from './weight.ts';
export { type WindowConfig, WindowLayer, weightShape } from './window-layer.ts';
export * from './workloads.ts';
