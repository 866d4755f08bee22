/**
 * What a report says and shows for the task of its run: images are classified and scored by accuracy, sentences are
 * translated and scored by BLEU. The task is told from the data in one place; every figure takes its words from here.
 */
import { isTranslationSource } from '../../data/text/open.ts';
import {
  costsAmong,
  DEFAULT_OBJECTIVES,
  isScore,
  type Objective,
  objectiveName,
} from '../../search/objectives.ts';
import type { BlockResult } from '../result.ts';
import {
  ACCURACY,
  type Axis,
  BLEU,
  costAxis,
  errorAxis,
  frontWords,
  LOSS,
  type Plane,
  planeOf,
} from './axes.ts';
import { percent, points, scorePoints } from './format.ts';
import { type ReportData, type Retrained, searchedFor } from './gather.ts';

/** A hyphen at which no line ends. */
const UNBROKEN = '\u2011';

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
  /** What was made small. */
  readonly objectives: readonly Objective[];
  /** Of the networks, and of candidates where they have it too. */
  readonly plane: Plane;
  readonly score: { readonly title: string; readonly caption: string };
  /** Of a trained network, on the test set. */
  readonly measured: (network: Retrained) => string;
  /** What candidates are scored by, where it is not what networks are; it is a plot of its own. */
  readonly candidates:
    | { readonly plane: Plane; readonly title: string; readonly caption: string }
    | undefined;
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
export function taskOf(data: Pick<ReportData, 'result' | 'description' | 'journal'>): Task {
  const { result, description } = data;
  const { data: source, sentenceTokens } = description.config;
  const objectives = searchedFor(data);
  const sentences =
    result === undefined ? isTranslationSource(String(source ?? '')) : result.dataset.pair !== undefined;
  return sentences
    ? sentencesOf(result?.dataset.pair, Number(sentenceTokens), objectives)
    : imagesOf(objectives);
}

function imagesOf(objectives: readonly Objective[]): Task {
  const example = 'one image';
  const axisOf = (objective: Objective) =>
    objective === 'error' ? errorAxis() : isScore(objective) ? LOSS : costAxis(objective, example);
  const [up, right] = planeOf(objectives);
  // A trained network has no loss beside those of candidates: both have their accuracy.
  const plane = { up: up === 'loss' ? ACCURACY : axisOf(up), right: axisOf(right) };
  return {
    examples: 'images',
    example,
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
    objectives,
    plane,
    score: {
      title: titleOf(plane),
      caption: `Faint dots are candidates as the supernet scored them on held-out images, before any training of their own; ${frontWords(objectives)}. Large marks are networks trained from scratch, measured on the test set.`,
    },
    measured: ({ accuracy }) => percent(accuracy, 2),
    candidates: undefined,
    progress: axisOf(progressOf(objectives)),
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
}

/** Of loss and energy. */
export const IMAGES: Task = imagesOf(DEFAULT_OBJECTIVES);

/** What the progress of a search is drawn by: the first score that is made small, else the first cost. */
function progressOf(objectives: readonly Objective[]): Objective {
  return objectives.find(isScore) ?? objectives[0];
}

/** `Accuracy against energy` */
function titleOf({ up, right }: Plane): string {
  return `${up.name[0].toUpperCase()}${up.name.slice(1)} against ${right.name}`;
}

/** What a score of candidates is, and which way is better. */
const SENTENCE_SCORES: Partial<Record<Objective, string>> = {
  loss: ': the mean loss of a subword. Lower',
  error: ': the share of subwords that were not the likeliest. Lower',
  bleu: ': the BLEU of its translations. Higher',
};

/** `pair`: `en-de`, once it is known; `tokens`: of the sentence that is priced. */
function sentencesOf(pair: string | undefined, tokens: number, objectives: readonly Objective[]): Task {
  const bleu = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(2));
  const example = tokens > 0 ? `one sentence of ${tokens} subwords` : 'one sentence';
  const axes = {
    loss: LOSS,
    bleu: { ...BLEU, name: 'held-out BLEU', label: 'held-out BLEU' },
    error: errorAxis('held-out error'),
  };
  const axisOf = (objective: Objective) =>
    isScore(objective) ? axes[objective] : costAxis(objective, example);
  const [up, right] = planeOf(objectives);
  const byBleu = objectives.includes('bleu');
  const plane = { up: BLEU, right: axisOf(costsAmong(objectives)[0]) };
  const side = ({ stage }: BlockResult) => (stage === 0 ? 'encoder' : 'decoder');
  return {
    examples: 'sentences',
    example,
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
    objectives,
    plane,
    score: {
      title: titleOf(plane),
      caption: `Networks trained from scratch, measured on the test set. Candidates are not here: the supernet scores them by ${byBleu ? 'its translations' : 'the likelihood'} of held-out sentences, which the next figure shows.`,
    },
    measured: (network) => `${bleu(network.bleu)} BLEU`,
    candidates: {
      plane: { up: axisOf(up), right: axisOf(right) },
      title: `Candidates: ${objectiveName(up)} against ${objectiveName(right)}`,
      caption: `As the supernet scored them on held-out sentences, before any training of their own${SENTENCE_SCORES[up] ?? '. Lower'} is better; ${frontWords(objectives)}.`,
    },
    progress: axisOf(progressOf(objectives)),
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
