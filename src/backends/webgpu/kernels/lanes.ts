/**
 * Merging what the lanes of a workgroup hold, pairwise and always in the same order. Lanes of one subgroup hand values to
 * each other where the adapter can do that; those that are further apart go through the workgroup's memory. The order is
 * the same in both, so sums have the same bits with subgroups of any size and without.
 *
 *   d = 128, 64, 32   lanes[l] = merge(lanes[l], lanes[l + d])                  memory, a barrier each
 *   d = 16, 8 ... 1   sum = merge(sum, that of lane l xor d)                    within a subgroup of 32
 */

/** What a text of merging needs declared. */
export const lanesOf = (type: string, count: number): string =>
  `var<workgroup> lanes: array<${type}, ${count}>;`;

/**
 * Statements that merge the variable `sum` over distances from, from / 2 ... to: then the first `to` lanes of every
 * 2 * from have the whole. `merge` is an expression of `a` and `b`, a's lane before b's. Subgroups have at least
 * `subgroup` lanes, 1 where there are none. All lanes must come here.
 */
export function mergeLanes(from: number, to: number, merge: string, subgroup: number): string {
  const lines: string[] = [];
  let distance = from;
  while (distance >= Math.max(to, subgroup)) distance /= 2;
  if (distance < from) {
    lines.push(`
  lanes[local] = sum;
  workgroupBarrier();
  for (var d = ${from}u; d > ${Math.floor(distance)}u; d /= 2u) {
    if (local % ${2 * from}u < d) { let a = lanes[local]; let b = lanes[local + d]; lanes[local] = ${merge}; }
    workgroupBarrier();
  }
  sum = lanes[local];`);
  }
  for (; distance >= to; distance /= 2) {
    lines.push(`
  { let a = sum; let b = subgroupShuffleXor(sum, ${distance}u); sum = ${merge}; }`);
  }
  return lines.join('');
}
