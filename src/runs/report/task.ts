/**
 * What a report says and shows for the task of its run: images are classified and scored by accuracy, sentences are
 * translated and scored by BLEU. The task is told from the data in one place; every figure takes its words from here.
 */
import { isTranslationSource } from '../../data/text/open.ts';
import type { BlockResult } from '../result.ts';
import { percent, points, scorePoints } from './format.ts';
import type { ReportData, Retrained } from './gather.ts';

/** A hyphen at which no line ends. */
const UNBROKEN = '\u2011';

/** What is known of a candidate or a trained network. */
export interface Scored {
  readonly accuracy: number;
  readonly loss?: number;
  readonly bleu?: number | undefined;
}

/** A score that is drawn against energy. */
export interface Axis {
  readonly name: string;
  readonly label: string;
  readonly of: (scored: Scored) => number;
  /** Of a candidate, in the supernet. */
  readonly show: (scored: Scored) => string;
  readonly better: 'more' | 'less';
}

/** A column of the table of networks. */
export interface Column {
  readonly head: string;
  readonly show: (network: Retrained) => string | undefined;
}

/** A large figure below the headline. */
export interface Tile {
  readonly label: string;
  readonly show: (network: Retrained) => string;
  readonly difference: (network: Retrained, reference: Retrained) => string;
}

export interface Task {
  /** `images`, `sentences` */
  readonly examples: string;
  /** `one image` */
  readonly example: string;
  /** What the counts of the data are of. */
  readonly dataOf: string;
  /** The baseline that others are compared with, and what it is called in a sentence. */
  readonly reference: { readonly name: string; readonly article: string; readonly caption: string };
  /** `91.7 %` of the headline. */
  readonly headline: (network: Retrained) => string;
  /** Beside the name of the data. */
  readonly also: string;
  readonly tiles: readonly Tile[];
  readonly columns: readonly Column[];
  /** Of the networks, and of candidates where they have it too. */
  readonly axis: Axis;
  readonly score: { readonly title: string; readonly caption: string };
  /** Of a trained network, on the test set. */
  readonly measured: (network: Retrained) => string;
  /** What candidates are scored by, where it is not what networks are; it is a plot of its own. */
  readonly candidates: { readonly axis: Axis; readonly title: string; readonly caption: string } | undefined;
  /** What the progress of a search is drawn by. */
  readonly progress: Axis;
  readonly loss: string;
  readonly accuracy: { readonly title: string; readonly caption: string };
  /** Title and detail of blocks that stand together in the picture of a network. */
  readonly group: (block: BlockResult) => { readonly title: string; readonly detail: string };
  /** `32 × 32 × 64` of a block. */
  readonly extent: (block: BlockResult) => string;
  /** Explains the picture. */
  readonly picture: string;
}

/** Of the run's result; before there is one, of the data that it was asked for. */
export function taskOf({
  result,
  description,
  candidates,
}: Pick<ReportData, 'result' | 'description' | 'candidates'>): Task {
  const { data, sentenceTokens } = description.config;
  const sentences =
    result === undefined ? isTranslationSource(String(data ?? '')) : result.dataset.pair !== undefined;
  if (!sentences) return IMAGES;
  const byBleu = candidates.some(({ bleu }) => bleu !== undefined);
  return sentencesOf(result?.dataset.pair, Number(sentenceTokens), byBleu);
}

const LOSS: Axis = {
  ...{ name: 'held-out loss', label: 'held-out loss, nats', better: 'less' },
  of: ({ loss }) => loss ?? 0,
  show: ({ loss }) => `loss ${(loss ?? 0).toFixed(3)}`,
};

export const IMAGES: Task = {
  examples: 'images',
  example: 'one image',
  dataOf: 'images',
  reference: {
    ...{ name: 'all-conv', article: 'an all-convolution network' },
    caption: 'the all-convolution network',
  },
  headline: ({ accuracy }) => percent(accuracy),
  also: '',
  tiles: [
    {
      label: 'test accuracy',
      show: ({ accuracy }) => percent(accuracy, 2),
      difference: (network, { accuracy }) => points(network.accuracy - accuracy),
    },
  ],
  columns: [
    { head: 'test accuracy', show: ({ accuracy }) => percent(accuracy, 2) },
    { head: 'held-out', show: ({ validationAccuracy }) => percent(validationAccuracy, 2) },
  ],
  axis: {
    ...{ name: 'accuracy', label: 'accuracy, %', better: 'more' },
    of: ({ accuracy }) => accuracy * 100,
    show: ({ accuracy }) => percent(accuracy),
  },
  score: {
    title: 'Accuracy against energy',
    caption:
      'Faint dots are candidates as the supernet scored them on held-out images, before any training of their own; the line joins those that nothing beats in both loss and energy. Large marks are networks trained from scratch, measured on the test set.',
  },
  measured: ({ accuracy }) => percent(accuracy, 2),
  candidates: undefined,
  progress: LOSS,
  loss: 'Augmented images; the supernet takes a new path each step.',
  accuracy: {
    title: 'Held-out accuracy',
    caption: 'On training images set aside, after each epoch.',
  },
  group: ({ operator, stage, height, width, channels }) => ({
    title: stage === null ? operator : `${height} × ${width}`,
    detail: `${channels} ${operator === 'head' ? 'classes' : 'channels'}`,
  }),
  extent: ({ height, width, channels }) => `${height} × ${width} × ${channels}`,
  picture: '',
};

/** `pair`: `en-de`, once it is known; `tokens`: of the sentence that is priced; `byBleu`: whether candidates were translated with. */
function sentencesOf(pair: string | undefined, tokens: number, byBleu: boolean): Task {
  const bleu = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(2));
  const axis: Axis = {
    ...{ name: 'BLEU', label: 'BLEU', better: 'more' },
    of: (scored) => scored.bleu ?? 0,
    show: (scored) => `${bleu(scored.bleu)} BLEU`,
  };
  const candidates = byBleu ? { ...axis, name: 'held-out BLEU', label: 'held-out BLEU' } : LOSS;
  const side = ({ stage }: BlockResult) => (stage === 0 ? 'encoder' : 'decoder');
  return {
    examples: 'sentences',
    example: tokens > 0 ? `one sentence of ${tokens} subwords` : 'one sentence',
    dataOf: 'sentence pairs',
    reference: {
      ...{ name: 'all-attention', article: 'attention everywhere' },
      caption: 'attention everywhere',
    },
    headline: (network) => `${(network.bleu ?? 0).toFixed(1)} BLEU`,
    also: pair === undefined ? '' : `, ${pair.replaceAll('-', UNBROKEN)}`,
    tiles: [
      {
        label: 'BLEU',
        show: (network) => bleu(network.bleu),
        difference: (network, reference) => scorePoints(network.bleu, reference.bleu),
      },
      {
        label: 'chrF',
        show: ({ chrf }) => bleu(chrf),
        difference: (network, { chrf }) => scorePoints(network.chrf, chrf),
      },
    ],
    columns: [
      { head: 'BLEU', show: (network) => bleu(network.bleu) },
      { head: 'chrF', show: ({ chrf }) => bleu(chrf) },
      { head: 'held-out BLEU', show: ({ validationBleu }) => bleu(validationBleu) },
    ],
    axis,
    score: {
      title: 'BLEU against energy',
      caption: `Networks trained from scratch, measured on the test set. Candidates are not here: the supernet scores them by ${byBleu ? 'its translations' : 'the likelihood'} of held-out sentences, which the next figure shows.`,
    },
    measured: (network) => `${bleu(network.bleu)} BLEU`,
    candidates: {
      axis: candidates,
      title: `Candidates: ${byBleu ? 'BLEU' : 'loss'} against energy`,
      caption: `As the supernet scored them on held-out sentences, before any training of their own: ${byBleu ? 'the BLEU of its translations. Higher' : 'the mean loss of a subword. Lower'} is better; the line joins those that nothing beats in both.`,
    },
    progress: candidates,
    loss: 'Of the next subword; the supernet takes a new path each step.',
    accuracy: {
      title: 'Held-out accuracy of the next subword',
      caption: 'On held-out sentences, after each epoch.',
    },
    group: (block) => ({ title: side(block), detail: `${block.channels} wide` }),
    extent: (block) => `${block.channels} wide`,
    picture:
      '. A is attention; C, D and S are lightweight convolution, add and shift-add; of two letters each has half of the channels.',
  };
}
