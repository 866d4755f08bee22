/** Walks through a network of the zoo from the image on, keeping the current map, and writes down its steps. */
import { windowOutput } from '../core/shapes.ts';
import type { MapSize } from '../operators/operator.ts';
import type { NormStep, ResidualStep, Step } from './plan.ts';
import { planWorkloads } from './plan-workloads.ts';
import { standIns, type Variant } from './variant.ts';

/** Half the window on all sides: an odd window keeps a map at stride 1 and halves it, rounded up, at stride 2. */
const same = (kernel: number) => Math.floor(kernel / 2);

export class Builder {
  readonly steps: Step[] = [];
  readonly variant: Variant;
  /** Factor on the widths of all layers but the classifier. */
  readonly width: number;
  map: MapSize;

  constructor(variant: Variant, width: number, image: MapSize) {
    this.variant = variant;
    this.width = width;
    this.map = image;
  }

  /** `channels` at this width: at least two, for one weight alone has no deviation to be standardised by. */
  wide(channels: number): number {
    return Math.max(2, Math.round(channels * this.width));
  }

  private place(step: Step): void {
    this.steps.push(step);
    this.map = step.output;
  }

  private window(
    name: string,
    family: string,
    arithmetic: 'conv' | 'add' | 'shift',
    outputs: number,
    kernel: number,
    stride: number,
    pad: number,
    groups: number,
  ): void {
    const input = this.map;
    const [h, w] = [input.h, input.w].map((extent) => windowOutput(extent, kernel, stride, pad));
    const sizes = { kernel, stride, pad, groups, input, output: { h, w, c: outputs } };
    this.place({ kind: 'window', name, family, arithmetic, ...sizes });
  }

  /** The first convolution, which stays one in every variant, normalised. Channels as they are at full width. */
  stem(channels: number, kernel: number, stride: number, activation: NormStep['activation'] = 'relu'): void {
    this.window('stem.conv', 'stem', 'conv', this.wide(channels), kernel, stride, same(kernel), 1);
    this.norm('stem.norm', activation, 'stem');
  }

  /** Windows of `patch` pixels side by side: the first convolution of a vision transformer. */
  patches(channels: number, patch: number): void {
    this.window('stem.patches', 'stem', 'conv', channels, patch, patch, 0, 1);
  }

  /** One convolution, or what stands for it. `outputs` at this network's width. */
  layer(name: string, outputs: number, kernel: number, stride = 1, groups = 1): void {
    for (const [i, { name: own, arithmetic }] of standIns(this.variant, name).entries()) {
      const step = i === 0 ? stride : 1;
      this.window(own, arithmetic, arithmetic, outputs, kernel, step, same(kernel), groups);
    }
  }

  norm(name: string, activation: NormStep['activation'], family = 'norm'): void {
    this.place({ kind: 'norm', name, family, activation, input: this.map, output: this.map });
  }

  maxPool(kernel: number, stride: number): void {
    const input = this.map;
    // an even window pads where both sides are odd; where one side is, a window of 3 halves both alike
    const odd = kernel === 2 && input.h % 2 !== input.w % 2;
    const taps = odd ? 3 : kernel;
    const pad = odd ? 1 : kernel === 2 ? input.h % 2 : same(kernel);
    const [h, w] = [input.h, input.w].map((extent) => windowOutput(extent, taps, stride, pad));
    const sizes = { kernel: taps, stride, pad, input, output: { ...input, h, w } };
    this.place({ kind: 'max-pool', name: this.poolName(), family: 'pool', ...sizes });
  }

  mean(): void {
    const input = this.map;
    const output = { h: 1, w: 1, c: input.c };
    this.place({ kind: 'mean', name: this.poolName(), family: 'pool', input, output });
  }

  /** Pools are numbered by the layers priced before them. */
  private poolName(): string {
    return `pool${planWorkloads(this.steps).length}`;
  }

  /** activation(body + shortcut); without `shortcut` the map goes past the body as it is. */
  residual(
    name: string,
    activation: ResidualStep['activation'],
    body: (inner: Builder) => void,
    shortcut?: (inner: Builder) => void,
  ): void {
    const input = this.map;
    const [main, past] = [body, shortcut].map((build) => {
      const inner = new Builder(this.variant, this.width, input);
      build?.(inner);
      return inner;
    });
    const steps = { body: main.steps, shortcut: past.steps };
    this.place({
      ...{ kind: 'residual', name, family: 'norm', activation },
      ...{ ...steps, input, output: main.map },
    });
  }

  /** A 1x1 layer without an activation behind it; normalised where adders end it. */
  projection(name: string, outputs: number): void {
    this.layer(name, outputs, 1);
    if (standIns(this.variant, name).at(-1)?.arithmetic === 'add') this.norm(`${name}.norm`, 'none');
  }

  /** A learned value for each position, added. */
  position(): void {
    this.place({
      kind: 'position',
      name: 'stem.position',
      family: 'stem',
      input: this.map,
      output: this.map,
    });
  }

  layerNorm(name: string): void {
    this.place({ kind: 'layer-norm', name, family: 'norm', input: this.map, output: this.map });
  }

  gelu(name: string): void {
    this.place({ kind: 'gelu', name, family: 'norm', input: this.map, output: this.map });
  }

  /** Self-attention over all positions of a map that holds queries, keys and values. */
  attention(name: string, heads: number): void {
    const output = { ...this.map, c: this.map.c / 3 };
    this.place({ kind: 'attention', name, family: 'attention', heads, input: this.map, output });
  }

  classifier(classes: number): void {
    const output = { h: 1, w: 1, c: classes };
    this.place({ kind: 'classifier', name: 'head.class', family: 'head', input: this.map, output });
  }
}
