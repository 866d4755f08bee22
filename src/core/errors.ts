/**
 * Errors are data first: a code a program can switch on, the fields that were looked at, and one sentence
 * that says the rule, what was found and where, and what to do about it.
 */
export type ErrorCode =
  | 'usage' // a flag, argument or config key is unknown or out of range
  | 'data' // a data file is missing, cut off or malformed
  | 'shape' // sizes that do not fit together
  | 'limit' // no architecture meets the limits
  | 'run' // a run folder is missing, damaged or belongs to something else
  | 'disk' // writing failed
  | 'diverged' // NaN or infinite loss
  | 'missing' // an optional package, compiler or backend is not there
  | 'interrupted' // the user asked to stop; the run can be resumed
  | 'internal'; // a bug of ours

export type ErrorFields = Readonly<
  Record<string, string | number | boolean | null | readonly (string | number)[]>
>;

export class ShiftAddError extends Error {
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, sentence: string, fields: ErrorFields = {}, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = 'ShiftAddError';
    this.code = code;
    this.fields = fields;
  }
}

/** Throws a `ShiftAddError` unless `condition` holds. `sentence` states rule, value and remedy. */
export function require_(
  condition: boolean,
  code: ErrorCode,
  sentence: string | (() => string),
  fields: ErrorFields = {},
): asserts condition {
  if (!condition) throw new ShiftAddError(code, typeof sentence === 'string' ? sentence : sentence(), fields);
}

/** A state that only a bug can reach. */
export function internal(sentence: string, fields: ErrorFields = {}): never {
  throw new ShiftAddError('internal', `internal: ${sentence}`, fields);
}

/** Closes a switch over a union: a forgotten case is a compile error, and a bug if it is ever reached. */
export function unreachable(value: never): never {
  return internal(`unexpected value ${JSON.stringify(value)}`);
}

/** The candidate closest to `word` in edit distance, or undefined when none is near: for "did you mean". */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(word.length / 2));
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance <= bestDistance && (best === undefined || distance < bestDistance)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      current[j] = Math.min(
        previous[j] + 1,
        current[j - 1] + 1,
        previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    previous = current;
  }
  return previous[b.length];
}
