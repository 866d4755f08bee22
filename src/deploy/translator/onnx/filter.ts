/**
 * A filter along sentences as nodes (src/autograd/filter.ts is what it means), x: [N, T, c]. Channels of a head have one
 * filter; here each has its copy of it. Rows outside are 0, and with additions they take part.
 *
 *   convolution   x ─ Transpose ─ Conv, a group for each channel ─ Transpose
 *   additions     x ─ Pad ─ Slice ─ Sub ─ Abs ─┐
 *                      └─ ... for each tap     ├ Sum ─ Neg
 */
import type { OnnxPass } from './pass.ts';

export interface FilterNodes {
  readonly kind: 'conv' | 'add';
  /** Name of the filter [heads, window] in the translator. */
  readonly weight: string;
  readonly heads: number;
  readonly channels: number;
  readonly window: number;
  /** Rows before its own that an output row reads. */
  readonly left: number;
}

export function filter(pass: OnnxPass, at: string, x: string, use: FilterNodes): string {
  return use.kind === 'conv' ? convolved(pass, at, x, use) : distances(pass, at, x, use);
}

/** Filters [heads, window] as one for each channel, [channels, window]. */
function perChannel(values: Float32Array, { heads, channels, window }: FilterNodes): Float32Array {
  const share = channels / heads;
  const all = new Float32Array(channels * window);
  for (let i = 0; i < channels; i++) {
    const head = Math.floor(i / share);
    all.set(values.subarray(head * window, (head + 1) * window), i * window);
  }
  return all;
}

function convolved(pass: OnnxPass, at: string, x: string, use: FilterNodes): string {
  const { channels, window, left, weight } = use;
  const attributes = { kernel_shape: [window], pads: [left, window - 1 - left], group: channels };
  const rows = pass.transpose(`${at}.channels`, x, [0, 2, 1]);
  const inputs = [rows, pass.constant(weight, [channels, 1, window], (values) => perChannel(values, use))];
  const y = pass.graph.node('Conv', `${at}.filter`, inputs, { attributes });
  return pass.transpose(`${at}.filter.rows`, y, [0, 2, 1]);
}

function distances(pass: OnnxPass, at: string, x: string, use: FilterNodes): string {
  const { graph } = pass;
  const { channels, window, left } = use;
  const right = window - 1 - left;
  const weights = perChannel(pass.values(use.weight), use);
  const padded = graph.node('Pad', `${at}.pad`, [x, graph.integers([0, left, 0, 0, right, 0])]);
  const taps = Array.from({ length: window }, (_, tap) => {
    const name = `${at}.tap${tap}`;
    const seen = tapOf(pass, name, padded, tap, window);
    const weight = graph.floats(
      `${name}.weight`,
      [channels],
      weights.filter((_, i) => i % window === tap),
    );
    return graph.node('Abs', `${name}.distance`, [graph.node('Sub', `${name}.difference`, [seen, weight])]);
  });
  const sum = taps.length === 1 ? taps[0] : graph.node('Sum', `${at}.distances`, taps);
  return pass.part('Neg', `${at}.filter`, [sum]);
}

/** Beyond every sentence. */
const FAR = 2 ** 31 - 1;

/** The rows that element `tap` of the filter meets. */
function tapOf(pass: OnnxPass, name: string, padded: string, tap: number, window: number): string {
  if (window === 1) return padded;
  const behind = window - 1 - tap;
  const bounds = [[tap], [behind === 0 ? FAR : -behind], [1]];
  return pass.graph.node('Slice', name, [padded, ...bounds.map((row) => pass.graph.integers(row))]);
}
