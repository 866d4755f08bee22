/** `space`: describe a search space, count it exactly, sample it, draw its picture, check a genotype. */
import { writeFileAtomic } from '../../core/atomic.ts';
import { Random } from '../../core/random.ts';
import type { Option } from '../../runs/options.ts';
import { countSpace } from '../../spaces/count.ts';
import { decode, encode, OPERATOR_LETTERS } from '../../spaces/genotype.ts';
import { loadAnySpace } from '../../spaces/load.ts';
import { drawSpace } from '../../spaces/picture.ts';
import { showRules } from '../../spaces/rules.ts';
import { SAMPLE_MODES, type SampleMode, sample } from '../../spaces/sample.ts';
import {
  countTranslation,
  decodeTranslation,
  drawTranslationSpace,
  encodeTranslation,
  isTranslationSpace,
  sampleTranslation,
  type TranslationSpace,
} from '../../spaces/seq2seq/index.ts';
import type { Space } from '../../spaces/space.ts';
import { type Command, given } from '../command.ts';
import { table } from '../text.ts';

const options = {
  space: { kind: 'text', help: 'a preset name or a JSON file', placeholder: 'name|file', initial: 'cifar' },
  sample: { kind: 'integer', help: 'draw so many architectures at random', placeholder: 'n', minimum: 1 },
  paths: {
    kind: 'choice',
    help: 'what --sample draws uniformly: architectures, or tuples (stage lengths; layers of encoder and decoder) and then architectures of one',
    choices: SAMPLE_MODES,
    placeholder: SAMPLE_MODES.join('|'),
    initial: 'architectures',
  },
  seed: { kind: 'integer', help: 'seed of --sample', placeholder: 'n', minimum: 0, initial: 0 },
  check: { kind: 'text', help: 'check a genotype of this space', placeholder: 'genotype' },
  draw: { kind: 'text', help: 'draw the space as a picture', placeholder: 'file.svg' },
} as const satisfies Record<string, Option>;

/** What the command asks of a space, whatever it is for. */
interface View {
  readonly count: bigint;
  /** The word of a genotype, checked. Throws `usage` when it is not of the space. */
  check(word: string): string;
  sample(random: Random, mode: SampleMode): string;
  draw(): string;
  /** What the space holds, as printed. */
  readonly lines: readonly string[];
}

function imageView(chosen: Space): View {
  const rows = chosen.stages.map(({ channels, scale, operators }, i) => [
    String(i),
    `1/${scale}`,
    String(channels),
    operators.map((operator) => `${operator} (${OPERATOR_LETTERS[operator]})`).join(', '),
  ]);
  const shown = chosen.stageLengths.slice(0, 30).map((lengths) => lengths.join('-'));
  const more = chosen.stageLengths.length - shown.length;
  return {
    count: countSpace(chosen),
    check: (word) => encode(decode(chosen, word)),
    sample: (random, mode) => encode(sample(chosen, random, mode)),
    draw: () => drawSpace(chosen),
    lines: [
      table(['stage', 'scale', 'channels', 'operators'], rows),
      `layers a stage: ${shown.join(' ')}${more > 0 ? ` and ${more} more` : ''}`,
      ...showRules(chosen).map((sentence) => `rule: ${sentence}`),
    ],
  };
}

function translationView(chosen: TranslationSpace): View {
  const { encoder, decoder, attention, windows, gated, standardised } = chosen;
  const row = (what: string, ...sides: (readonly (string | number)[])[]) => [
    what,
    ...sides.map((values) => values.join(' ')),
  ];
  const rows = [
    row('width', encoder.width, decoder.width),
    row('layers', encoder.layers, decoder.layers),
    row('block', encoder.block, decoder.block),
    row('heads', encoder.heads, decoder.heads),
    row('heads to the encoder', [], decoder.crossHeads),
    row('encoder layers seen', [], decoder.sources),
    row('feed-forward', encoder.feedForward, decoder.feedForward),
  ];
  return {
    count: countTranslation(chosen),
    check: (word) => encodeTranslation(decodeTranslation(chosen, word)),
    sample: (random, mode) => encodeTranslation(sampleTranslation(chosen, random, mode)),
    draw: () => drawTranslationSpace(chosen),
    lines: [
      table(['choice', 'encoder', 'decoder'], rows),
      `queries, keys and values: ${attention}; windows by layer: ${windows.join(' ')}${gated ? '; gated' : ''}${standardised ? '; sums of distances standardised' : ''}`,
      'blocks: A attention; C, D, S lightweight convolution, add, shift-add; AC, AD, AS half of the channels each',
    ],
  };
}

export const space: Command = {
  name: 'space',
  summary: 'describe, count and sample a search space',
  options,
  examples: [
    'shiftaddnas space --space hytra',
    'shiftaddnas space --space cifar --sample 3 --seed 7',
    'shiftaddnas space --space cifar --check "3-2-2:ccs|da|ss"',
    'shiftaddnas space --space hytra --sample 3 --paths tuples --draw hytra.svg',
    'shiftaddnas space --space seq2seq --sample 3 --paths tuples',
  ],
  async run(context) {
    const chosen = loadAnySpace(given<string>(context, 'space') ?? options.space.initial);
    const view = isTranslationSpace(chosen) ? translationView(chosen) : imageView(chosen);
    const text = given<string>(context, 'check');
    const checked = text === undefined ? undefined : view.check(text);
    const random = Random.fromSeed(given<number>(context, 'seed') ?? 0);
    const mode = given<SampleMode>(context, 'paths') ?? options.paths.initial;
    const drawn = Array.from({ length: given<number>(context, 'sample') ?? 0 }, () =>
      view.sample(random, mode),
    );
    const picture = given<string>(context, 'draw');
    if (picture !== undefined) writeFileAtomic(picture, view.draw());
    context.print(`${chosen.name}: ${view.count.toLocaleString('en')} architectures`);
    for (const line of view.lines) context.print(line);
    for (const genotype of drawn) context.print(genotype);
    if (checked !== undefined) context.print(`${checked} is a network of this space`);
    if (picture !== undefined) context.print(`picture: ${picture}`);
    return {
      space: chosen,
      count: view.count.toString(),
      ...(drawn.length > 0 ? { samples: drawn } : {}),
      ...(checked === undefined ? {} : { valid: checked }),
      ...(picture === undefined ? {} : { picture }),
    };
  },
};
