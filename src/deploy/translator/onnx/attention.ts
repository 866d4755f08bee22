/**
 * Attention of several heads as nodes (src/autograd/attention.ts is what it means). q: [N, T, attention], k and v: [N, S,
 * attention]; heads stand beside each other in a row.
 *
 *   q ─ Mul 1 / sqrt(width) ─ [N, heads, T, width] ─┐
 *   k ───────────────────── [N, heads, width, S] ───┴ MatMul ─ Add mask ─ Softmax ─┐
 *   v ───────────────────── [N, heads, S, width] ──────────────────────────────────┴ MatMul ─ [N, T, attention]
 */
import type { OnnxPass } from './pass.ts';

export interface Attending {
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly heads: number;
  /** Added to scores [N, heads, T, S]. */
  readonly mask: string;
}

export function attention(pass: OnnxPass, at: string, { q, k, v, heads, mask }: Attending): string {
  const { graph, network } = pass;
  const width = network.attention / heads;
  const apart = (role: string, x: string, perm: readonly number[]) =>
    pass.transpose(`${at}.${role}.heads`, pass.reshape(`${at}.${role}.split`, x, [0, 0, heads, width]), perm);
  const scaled = pass.part('Mul', `${at}.query.scaled`, [q, graph.scalar(1 / Math.sqrt(width))]);
  const queries = apart('query', scaled, [0, 2, 1, 3]);
  const scores = graph.node('MatMul', `${at}.scores`, [queries, apart('key', k, [0, 2, 3, 1])]);
  const masked = pass.part('Add', `${at}.masked`, [scores, mask]);
  const weights = graph.node('Softmax', `${at}.softmax`, [masked], { attributes: { axis: -1 } });
  const mixed = graph.node('MatMul', `${at}.mix`, [weights, apart('value', v, [0, 2, 1, 3])]);
  const joined = pass.transpose(`${at}.mix.rows`, mixed, [0, 2, 1, 3]);
  return pass.reshape(`${at}.mix.joined`, joined, [0, 0, network.attention]);
}
