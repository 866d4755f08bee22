/**
 * n-grams two texts share, of words for BLEU and of characters for chrF. Every distinct n-gram of one sentence gets a
 * number: that of its first n - 1 symbols and the last symbol make the pair that the next number stands for. So no
 * n-gram is ever written out as a string, and the counts are exact.
 */

/**
 * How many n-grams of `hypothesis` stand in the references, for n = 1 ... order. An n-gram counts at most as often as
 * the reference that has it most often has it (Papineni et al. 2002, 2.1).
 */
export function sharedNgrams(
  hypothesis: readonly string[],
  references: readonly (readonly string[])[],
  order: number,
): number[] {
  const alphabet = new Map<string, number>();
  const symbols = [hypothesis, ...references].map((text) =>
    Int32Array.from(text, (symbol) => numberOf(alphabet, symbol)),
  );
  let grams: readonly Int32Array[] = symbols;
  let kinds = alphabet.size;
  const shared: number[] = [];
  for (let n = 1; n <= order; n++) {
    if (n > 1) {
      const pairs = new Map<number, number>();
      grams = grams.map((shorter, text) => longer(shorter, symbols[text], n, alphabet.size, pairs));
      kinds = pairs.size;
    }
    shared.push(clipped(grams, kinds));
  }
  return shared;
}

/** How many n-grams `length` symbols hold. */
export function ngramsIn(length: number, n: number): number {
  return Math.max(0, length - n + 1);
}

function numberOf<Key>(numbers: Map<Key, number>, key: Key): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

function longer(
  shorter: Int32Array,
  symbols: Int32Array,
  n: number,
  alphabet: number,
  pairs: Map<number, number>,
): Int32Array {
  const grams = new Int32Array(ngramsIn(symbols.length, n));
  for (let i = 0; i < grams.length; i++) {
    grams[i] = numberOf(pairs, shorter[i] * alphabet + symbols[i + n - 1]);
  }
  return grams;
}

function clipped([hypothesis, ...references]: readonly Int32Array[], kinds: number): number {
  const most = new Int32Array(kinds);
  for (const reference of references) {
    const counts = countsOf(reference, kinds);
    for (let gram = 0; gram < kinds; gram++) most[gram] = Math.max(most[gram], counts[gram]);
  }
  const own = countsOf(hypothesis, kinds);
  let shared = 0;
  for (let gram = 0; gram < kinds; gram++) shared += Math.min(own[gram], most[gram]);
  return shared;
}

function countsOf(grams: Int32Array, kinds: number): Int32Array {
  const counts = new Int32Array(kinds);
  for (const gram of grams) counts[gram]++;
  return counts;
}
