/**
 * What a node of our own files says of its layer, for standard operators cannot say it: that a convolution's weights are
 * powers of two, and that a row of slices, differences and sums is one adder layer. Stated sizes must be those of the graph.
 *
 *   shiftaddnas.layer   {"kind": "shift", "h": 16, ...}   this node ends that layer
 *   shiftaddnas.part    true                              this node is part of a layer that another one states
 */
import type { Workload } from '../../hardware/workload.ts';
import { windowWorkload } from '../../layers/workloads.ts';
import type { OnnxNode, OnnxTensor } from './model.ts';
import { fault } from './operators.ts';

export const LAYER = 'shiftaddnas.layer';
export const PART = 'shiftaddnas.part';

const SIZES = ['h', 'w', 'c', 'r', 's', 'm', 'e', 'f', 'stride', 'groups'] as const;

/** A window layer of an exported network. */
export type StatedLayer = { readonly kind: 'add' | 'shift' } & Readonly<
  Record<(typeof SIZES)[number], number>
>;

export const layerMetadata = (layer: StatedLayer): Readonly<Record<string, string>> => ({
  [LAYER]: JSON.stringify(layer),
});

/** The work that a node states, undefined where it states nothing. Throws 'data' where the graph says otherwise. */
export function statedLoads(node: OnnxNode, outputs: readonly OnnxTensor[]): readonly Workload[] | undefined {
  if (node.metadata.get(PART) === 'true') return [];
  const text = node.metadata.get(LAYER);
  if (text === undefined) return undefined;
  const layer = parsed(text);
  const shape = outputs[0]?.shape ?? [];
  if (layer === undefined) return fault(node, `its property ${LAYER} is no layer, but ${text}`);
  const { kind, h, w, c, r, s, m, e, f, stride, groups } = layer;
  if (shape[1] !== m || shape[2] !== e || shape[3] !== f) {
    fault(node, `its property ${LAYER} says ${m} maps of ${e}x${f}, but its output has sizes [${shape}]`);
  }
  return [windowWorkload({ name: node.name, kind, family: kind, h, w, c, r, s, m, e, f, stride, groups })];
}

function parsed(text: string): StatedLayer | undefined {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const sound = SIZES.every((key) => Number.isInteger(value[key]) && Number(value[key]) > 0);
  const { c, m, groups } = value as StatedLayer;
  if (!sound || (value.kind !== 'add' && value.kind !== 'shift')) return undefined;
  return c % groups === 0 && m % groups === 0 ? (value as StatedLayer) : undefined;
}
