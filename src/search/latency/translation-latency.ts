/**
 * How long a translation network takes here: one sentence read at once, and as many subwords written one by one with a
 * beam, as a person waits for it. Weights do not change the time, so they are not drawn.
 */
import type { Backend, Buffer } from '../../backends/backend.ts';
import { internal } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { sizeOf } from '../../core/shapes.ts';
import { EOS, FIRST_SUBWORD } from '../../data/text/special.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { DEFAULT_SHARING, type SharingConfig } from '../../supernet/sharing.ts';
import { translatorDeclarations } from '../../supernet/translator/declarations.ts';
import { extentOf } from '../../supernet/translator/extent.ts';
import { IncrementalDecoder } from '../../supernet/translator/incremental.ts';
import { sourceBatch } from '../../supernet/translator/source.ts';
import { Translator } from '../../supernet/translator/translator.ts';

export interface TranslationTiming {
  /** Subwords of the source, and of the translation. */
  readonly tokens: number;
  readonly vocabulary: number;
  /** Beginnings that go on at a time (4 as published, spec 7.3). */
  readonly beam: number;
  /** The least of so many times counts, for what disturbs can only make a run longer. */
  readonly repeats: number;
}

/** A network alone: nothing shared, no scale learned. */
const ALONE: SharingConfig = {
  ...DEFAULT_SHARING,
  families: [],
  adder: { ...DEFAULT_SHARING.adder, kind: 'fixed' },
};

/** ms. Called while no scope is open. */
export async function translationLatency(
  backend: Backend,
  network: TranslationNetwork,
  { tokens, vocabulary, beam, repeats }: TranslationTiming,
): Promise<number> {
  const scope = backend.openScope();
  const size = { extent: extentOf(network), vocabulary, norm: 'post' } as const;
  const weights = new Map<string, Buffer>();
  for (const { name, shape } of translatorDeclarations(size, ALONE)) {
    const buffer = backend.allocate(sizeOf(shape));
    backend.fill(buffer, 0.01);
    weights.set(name, buffer);
  }
  const translator = new Translator(
    backend,
    { ...size, sharing: ALONE, longest: tokens },
    Random.fromSeed(0),
    (name) => weights.get(name) ?? internal(`no weight ${name}`),
  );
  try {
    const source = new Int32Array(tokens).fill(FIRST_SUBWORD);
    source[tokens - 1] = EOS;
    const batch = sourceBatch(backend, {
      ...{ count: 1, sourceLength: tokens, targetLength: tokens, source },
      sourceLengths: Int32Array.of(tokens),
    });
    const words = new Int32Array(beam).fill(FIRST_SUBWORD);
    const first = new Int32Array(beam);
    let best = Number.POSITIVE_INFINITY;
    // The first run fills caches and pools, and does not count.
    for (let run = 0; run <= repeats; run++) {
      const start = performance.now();
      const decoder = new IncrementalDecoder(translator, network, batch);
      for (let i = 0; i < tokens; i++) {
        await decoder.step(words.subarray(0, decoder.rows), 2 * beam);
        decoder.select(first); // all go on from one row, which none of them was before
      }
      decoder.close();
      if (run > 0) best = Math.min(best, performance.now() - start);
    }
    return best;
  } finally {
    scope.close();
  }
}
