/** What the tensors of a translator are called in its files (docs/export.md has the table). */

const RULES: readonly (readonly [RegExp, string])[] = [
  [/^embedding$/, 'embedding.weight'],
  [/\.layer(\d+)\./, '.layers.$1.'],
  // a network has one kind of filter at a place
  [/\.lightweight\.[a-z-]+\./, '.lightweight.'],
  [/\.lightweight\.(in|shift|filter|out)$/, '.lightweight.$1.weight'],
  [/\.gamma$/, '.weight'],
  [/\.beta$/, '.bias'],
];

/** `encoder.layer0.lightweight.add.in` -> `encoder.layers.0.lightweight.in.weight` */
export function publicName(name: string): string {
  return RULES.reduce((made, [pattern, by]) => made.replace(pattern, by), name);
}
