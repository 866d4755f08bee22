/**
 * What BLEU and chrF have in common: sentences beside one or more references, counts that are added over them, and
 * the signature, which says everything a score depends on but the texts.
 */
import { require_ } from '../../core/errors.ts';
import { version } from '../../version.ts';

/**
 * Each hypothesis with its references. `references` holds one list for each reference translation of the whole text.
 * Throws `shape` where lists differ in length or are empty.
 */
export function alongside(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
): { readonly hypothesis: string; readonly references: readonly string[] }[] {
  require_(references.length > 0, 'shape', 'a score needs at least one reference, but got none');
  require_(hypotheses.length > 0, 'shape', 'a score needs at least one sentence, but got none');
  references.forEach((reference, i) => {
    require_(
      reference.length === hypotheses.length,
      'shape',
      () =>
        `every hypothesis needs a line of every reference, but there are ${hypotheses.length} hypotheses ` +
        `and ${reference.length} lines of reference ${i + 1}`,
      { hypotheses: hypotheses.length, reference: i + 1, lines: reference.length },
    );
  });
  return hypotheses.map((hypothesis, line) => ({
    hypothesis,
    references: references.map((reference) => reference[line]),
  }));
}

/** Element by element. */
export function sumOf(lists: readonly (readonly number[])[]): number[] {
  return lists[0].map((_, i) => lists.reduce((sum, list) => sum + list[i], 0));
}

/**
 * `nrefs:1|case:mixed|...|version:shiftaddnas-0.1.0`, in the form of sacreBLEU's signatures. The version is ours, for the
 * score was computed by this program; what stands before it compares with sacreBLEU 2.x.
 */
export function signatureOf(references: number, fields: Readonly<Record<string, string | number>>): string {
  const all = { nrefs: references, ...fields, version: `shiftaddnas-${version}` };
  return Object.entries(all)
    .map(([key, value]) => `${key}:${value}`)
    .join('|');
}
