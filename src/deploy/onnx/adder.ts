/**
 * An adder layer, y = - sum |x - w| over each window, of standard operators. ONNX has no sliding L1 distance, so the sum is
 * taken tap by tap: one slice of the padded map meets the weights of one place in the window.
 *
 *   dense      x [N, c, h, w] ─ Pad ─ Slice, Reshape [N, 1, c, e f] ─ Sub [m, c, 1] ─ Abs ─ ReduceSum over c ─┐
 *                                └─ ... for each of r s taps                                                 ├ Sum ─ Neg
 *   depthwise  x [N, c, h, w] ─ Pad ─ Slice ─ Sub [c, 1, 1] ─ Abs ──────────────────────────────────────────┘
 *
 * Of eight compositions this one was among the fastest and takes the least memory, m c e f floats an image (docs/export.md
 * has the figures). Padded positions take part with x = 0, as in src/autograd/adder.ts.
 */
import type { WindowShape } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { reordered } from '../layout.ts';
import { type OnnxGraph, PART } from './graph.ts';

/**
 * Writes the layer over `x`, a map that lies channels first; `weight`: [r, s, c / groups, m]. Returns its output, [N, m, e,
 * f]. `metadata` is that of the last node. Throws 'run' for groups other than one or one for each channel.
 */
export function writeAdder(
  graph: OnnxGraph,
  name: string,
  x: string,
  weight: Float32Array,
  window: WindowShape,
  metadata: Readonly<Record<string, string>>,
): string {
  const { c, r, s, m, e, f, groups } = window;
  const depthwise = groups === c && m === c;
  if (groups !== 1 && !depthwise) {
    const what = `${name} is an adder layer of ${groups} groups over ${c} channels`;
    throw new ShiftAddError(
      'run',
      `${what}; only one group, or one for each channel, can be written as ONNX`,
      { name },
    );
  }
  const perTap = weight.length / (r * s);
  const sums = tapsOf(graph, name, x, window).map((tap, k) => {
    const own = weight.subarray(k * perTap, (k + 1) * perTap);
    const at = `${name}.tap${k}`;
    return depthwise ? distance(graph, at, tap, [m, 1, 1], own) : dense(graph, at, tap, own, window);
  });
  const sum = sums.length === 1 ? sums[0] : graph.node('Sum', `${name}.sum`, sums, { metadata: PART });
  if (depthwise) return graph.node('Neg', name, [sum], { metadata });
  const negative = graph.node('Neg', `${name}.negative`, [sum], { metadata: PART });
  return graph.node('Reshape', name, [negative, graph.integers([-1, m, e, f])], { metadata });
}

/** The map as each place of the window sees it, [N, c, e, f], row by row. */
function tapsOf(graph: OnnxGraph, name: string, x: string, window: WindowShape): string[] {
  const { r, s, stride, pad, e, f } = window;
  if (r * s === 1 && stride === 1 && pad === 0) return [x];
  const padded = pad === 0 ? x : zeroPadded(graph, name, x, pad);
  const [axes, steps] = [graph.integers([2, 3]), graph.integers([stride, stride])];
  return Array.from({ length: r * s }, (_, k) => {
    const [row, column] = [Math.floor(k / s), k % s];
    const starts = graph.integers([row, column]);
    const ends = graph.integers([row + (e - 1) * stride + 1, column + (f - 1) * stride + 1]);
    return graph.node('Slice', `${name}.tap${k}`, [padded, starts, ends, axes, steps], { metadata: PART });
  });
}

function zeroPadded(graph: OnnxGraph, name: string, x: string, pad: number): string {
  const pads = graph.integers([0, 0, pad, pad, 0, 0, pad, pad]);
  return graph.node('Pad', `${name}.pad`, [x, pads], { metadata: PART });
}

/** sum over c of |tap - w|, [N, m, e f]. */
function dense(
  graph: OnnxGraph,
  name: string,
  tap: string,
  weight: Float32Array,
  window: WindowShape,
): string {
  const { c, m, e, f } = window;
  const sizes = graph.integers([-1, 1, c, e * f]);
  const rows = graph.node('Reshape', `${name}.rows`, [tap, sizes], { metadata: PART });
  const far = distance(graph, name, rows, [m, c, 1], reordered(weight, [c, m], [1, 0]));
  const options = { attributes: { keepdims: 0 }, metadata: PART };
  return graph.node('ReduceSum', `${name}.sum`, [far, graph.integers([2])], options);
}

function distance(
  graph: OnnxGraph,
  name: string,
  x: string,
  shape: readonly number[],
  weight: Float32Array,
): string {
  const w = graph.floats(`${name}.weight`, shape, weight);
  const difference = graph.node('Sub', `${name}.difference`, [x, w], { metadata: PART });
  return graph.node('Abs', `${name}.distance`, [difference], { metadata: PART });
}
