/**
 * Whole translators of the size of the space `multi30k`: a training step, and beam search of a batch. Sentences are of
 * one length and none ends early, so that the peer does the same work (bench/peer/translator.py has the same networks).
 */
import { Graph } from '../autograd/graph.ts';
import type { Backend } from '../backends/backend.ts';
import { Random } from '../core/random.ts';
import { makeBatch, type TokenBatch } from '../data/text/batches.ts';
import { BOS, EOS, PAD, UNK } from '../data/text/special.ts';
import type { SequenceBlock, TranslationNetwork } from '../spaces/seq2seq/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { beamSearch } from '../supernet/translator/beam-search.ts';
import { extentOf } from '../supernet/translator/extent.ts';
import { sourceBatch } from '../supernet/translator/source.ts';
import { Translator } from '../supernet/translator/translator.ts';
import { AdamW, DEFAULT_ADAMW } from '../training/adamw.ts';
import { gradientsOf } from '../training/gradients.ts';
import { translationLoss } from '../training/translation-loss.ts';
import type { Measuring } from './measuring.ts';
import type { Row } from './row.ts';
import { measureWhole, type Runnable, type WholeCase } from './whole.ts';

/** What the peer is told too. */
interface TranslatorJob {
  readonly kind: 'translatorStep' | 'translatorBeam';
  readonly encoder: readonly SequenceBlock[];
  readonly decoder: readonly SequenceBlock[];
  readonly width: number;
  readonly attention: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly windows: readonly number[];
  readonly vocabulary: number;
  /** Sentences, and the subwords of each on either side, end included. */
  readonly n: number;
  readonly source: number;
  readonly target: number;
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly beam: number;
}

const LAYERS = 3;

function jobOf(kind: TranslatorJob['kind'], block: SequenceBlock, n: number): TranslatorJob {
  const blocks = Array.from({ length: LAYERS }, () => block);
  return {
    ...{ kind, encoder: blocks, decoder: blocks, n, source: 16, target: 16, beam: 4 },
    ...{ width: 256, attention: 256, heads: 4, feedForward: 512, windows: [3, 7, 15], vocabulary: 6000 },
    ...{ dropout: 0.3, attentionDropout: 0.1 },
  };
}

function networkOf(job: TranslatorJob): TranslationNetwork {
  const { width, attention, heads, feedForward, windows } = job;
  return {
    ...{ encoder: width, decoder: width, attention, windows, gated: false, standardised: true },
    encoderLayers: job.encoder.map((block) => ({ block, heads, feedForward })),
    decoderLayers: job.decoder.map((block) => ({ block, heads, crossHeads: heads, sources: 1, feedForward })),
  };
}

function translatorOf(backend: Backend, job: TranslatorJob, network: TranslationNetwork): Translator {
  const { vocabulary, source, target } = job;
  const size = {
    extent: extentOf(network),
    vocabulary,
    norm: 'pre',
    longest: Math.max(source, target),
  } as const;
  const sharing = { ...DEFAULT_SHARING, families: [] };
  return new Translator(backend, { ...size, sharing }, Random.fromSeed(0));
}

/** Random subwords, all sentences of full length. */
function batchOf({ n, source, target, vocabulary }: TranslatorJob): TokenBatch {
  const random = Random.fromSeed('sentences');
  const first = UNK + 1;
  const words = (length: number) =>
    Int32Array.from({ length }, () => first + random.integer(vocabulary - first));
  const sentences = (length: number) => Array.from({ length: n }, () => words(length - 1)); // and its end
  const from = sentences(source);
  return makeBatch({ from, to: sentences(target) }, [...from.keys()]);
}

function trainingStep(backend: Backend, job: TranslatorJob): Runnable {
  const network = networkOf(job);
  const translator = translatorOf(backend, job, network);
  const optimiser = new AdamW(backend, translator.store.parameters(), { ...DEFAULT_ADAMW, decay: 0 });
  const batch = batchOf(job);
  const { dropout, attentionDropout: attention } = job;
  const draws = Random.fromSeed('dropout');
  const loss = translationLoss({
    ...{ translator, batchAt: () => batch, networkAt: () => network, smoothing: 0.1 },
    noiseAt: (step) => ({
      encoder: dropout,
      decoder: dropout,
      attention,
      filter: 0,
      random: draws.split(step),
    }),
  });
  let step = 0;
  return {
    run() {
      const graph = new Graph(backend, { training: true });
      graph.backward(loss(graph, step++));
      optimiser.step(gradientsOf(graph), 1e-3);
      graph.close();
    },
    dispose() {
      optimiser.dispose();
      translator.dispose();
    },
  };
}

function beamOf(backend: Backend, job: TranslatorJob): Runnable {
  const network = networkOf(job);
  const translator = translatorOf(backend, job, network);
  const batch = batchOf(job);
  // the end is never chosen, so that every sentence is as long as may be
  const frame = { begin: BOS, end: EOS, never: [BOS, PAD, EOS, UNK] };
  const options = { beam: job.beam, penalty: 0.6, limit: () => job.target };
  return {
    async run() {
      const scope = backend.openScope();
      try {
        await beamSearch(translator, network, sourceBatch(backend, batch), frame, options);
      } finally {
        scope.close();
      }
    },
    dispose: () => translator.dispose(),
  };
}

const SIZE = '3 + 3 layers of 256, 6000 subwords';

/** Training must not be slower than the peer's, decoding take at most half as long. */
const CASES: readonly WholeCase[] = (['A', 'AC', 'AD'] as const).flatMap((block): WholeCase[] => {
  const step = jobOf('translatorStep', block, 128);
  const beam = jobOf('translatorBeam', block, 64);
  return [
    {
      id: `translator-step-${block}`,
      title: `translator of ${block}, AdamW step`,
      shape: `${step.n} x ${step.source} to ${step.target}; ${SIZE}`,
      ...{ count: step.n * step.target, unit: 'tokens', peer: { job: step, most: 1 } },
      make: (backend) => trainingStep(backend, step),
    },
    {
      id: `translator-beam-${block}`,
      title: `translator of ${block}, beam of ${beam.beam}`,
      shape: `${beam.n} x ${beam.source} to ${beam.target}; ${SIZE}`,
      ...{ count: beam.n * beam.target, unit: 'tokens', peer: { job: beam, most: 0.5 } },
      make: (backend) => beamOf(backend, beam),
    },
  ];
});

export const measureTranslators = (m: Measuring): Promise<Row[]> => measureWhole(m, 'translators', CASES);
