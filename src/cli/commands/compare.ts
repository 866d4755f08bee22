/** `compare`: several networks on one data set with one recipe, priced at the same bits. */
import { z } from 'zod';
import { ShiftAddError } from '../../core/errors.ts';
import { isTranslationSource } from '../../data/text/open.ts';
import { askedOf } from '../../runs/asked.ts';
import {
  type ComparedNetwork,
  type Comparison,
  runComparison,
} from '../../runs/pipeline/compare-pipeline.ts';
import type { SessionOptions } from '../../runs/pipeline/session.ts';
import { type ComparedTranslator, runTranslationComparison } from '../../runs/translation/compare.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { showScale } from '../print-scales.ts';
import { RECIPE_FLAG, RUN_FLAGS } from '../run-options.ts';
import { withRun } from '../run-session.ts';
import { count, digits, percent, table } from '../text.ts';

export const compare: Command = {
  name: 'compare',
  summary: 'train several networks with one recipe and price them at the same bits',
  options: {
    networks: {
      kind: 'text',
      help: 'names of the zoo, all-conv and its kin, genotypes of --space, folders of trained networks (their architecture is trained anew)',
      placeholder: 'name,name,...',
    },
    seeds: {
      kind: 'text',
      help: 'train each once for every one of these seeds: mean and deviation [--seed alone]; data and its split follow --seed',
      placeholder: 'n,n,...',
    },
    ...RECIPE_FLAG,
    ...RUN_FLAGS,
  },
  examples: [
    'shiftaddnas compare --networks resnet-20,adder-resnet-20,shift-resnet-20 --data cifar10:path/to/cifar --bits 8 --epochs 10',
    'shiftaddnas compare --networks resnet-20@0.25,runs/fashion,all-conv --seeds 0,1,2 --data idx:path/to/fashion-mnist',
    'shiftaddnas compare --networks all-attention,all-lightweight-conv --data parallel:path/to/multi30k --pair en-de',
    'shiftaddnas compare --resume runs/compared',
  ],
  async run(context) {
    return withRun(context, 'compare', wanted(context), async (options, { config, extra }) => {
      const comparison = savedComparison(extra, options.run.config);
      if (isTranslationSource(config.data)) return compareTranslators(context, options, comparison);
      const rows = await runComparison(options, comparison);
      printRows(context, rows, comparison.seeds.length > 1);
      context.print(`${config.accelerator}, ${config.bits} bit, ${config.epochs} epochs; ${options.run.dir}`);
      return { rows, ...settingsOf(options) };
    });
  },
};

/** What a new run compares; nothing for a resumed one, which has it in its folder. */
function wanted(context: CommandContext): Partial<Comparison> {
  const text = given<string>(context, 'networks');
  if (given(context, 'resume') !== undefined) return {};
  if (text === undefined) {
    throw new ShiftAddError('usage', 'compare needs --networks (names, genotypes, folders) or --resume');
  }
  const seed = given<number>(context, 'seed') ?? 0;
  return {
    networks: wordsOf(text, '--networks'),
    seeds: seedsOf(given<string>(context, 'seeds') ?? `${seed}`),
  };
}

/** As this command wrote it; a person may have written in config.json since. */
function savedComparison(extra: Readonly<Record<string, unknown>>, path: string): Comparison {
  const found = comparisonSchema.safeParse(extra);
  if (found.success) return found.data;
  const [{ path: key, message }] = found.error.issues;
  throw new ShiftAddError('run', `${path} is damaged: ${key.join('.')}: ${message}; start a new run`, {
    path,
  });
}

const comparisonSchema = z.strictObject({
  networks: z.array(z.string().min(1)).min(1),
  seeds: z.array(z.int().min(0)).min(1),
});

function wordsOf(text: string, flag: string): string[] {
  const words = text.split(',').map((word) => word.trim());
  if (!words.includes('')) return words;
  throw new ShiftAddError('usage', `${flag} lists words with commas between them, but got "${text}"`);
}

function seedsOf(text: string): number[] {
  const seeds = wordsOf(text, '--seeds').map(Number);
  if (
    seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0) &&
    new Set(seeds).size === seeds.length
  ) {
    return seeds;
  }
  throw new ShiftAddError('usage', `--seeds lists different whole numbers of at least 0, but got "${text}"`);
}

function printRows(context: CommandContext, rows: readonly ComparedNetwork[], several: boolean): void {
  const head = [
    'network',
    'accuracy',
    ...(several ? ['+-'] : []),
    'mJ',
    'ms',
    'params',
    'mult',
    'add',
    'shift',
    ...scaleHead(rows),
  ];
  const lines = rows.map((row) => [
    row.name,
    percent(row.accuracy),
    ...(several ? [percent(row.accuracyDeviation ?? 0)] : []),
    digits(row.energyMj),
    digits(row.latencyMs),
    count(row.params),
    ...operationsOf(row),
    ...scaleOf(row),
  ]);
  context.print(`\n${table(head, lines)}`);
}

async function compareTranslators(
  context: CommandContext,
  options: SessionOptions,
  comparison: Comparison,
): Promise<object> {
  const { config, run } = options;
  const rows = await runTranslationComparison(options, comparison);
  const several = comparison.seeds.length > 1;
  const head = ['network', 'BLEU', ...(several ? ['+-'] : []), 'chrF', 'held-out', 'mJ', 'ms', 'params'];
  const lines = rows.map(({ name, bleu, bleuDeviation, chrf, validationBleu, ...one }) => [
    ...[name, bleu.toFixed(2), ...(several ? [(bleuDeviation ?? 0).toFixed(2)] : []), chrf.toFixed(2)],
    ...[validationBleu.toFixed(2), digits(one.energyMj), digits(one.latencyMs), count(one.params)],
  ]);
  context.print(
    `\n${table(
      [...head, 'mult', 'add', 'shift', ...scaleHead(rows)],
      lines.map((line, i) => [...line, ...operationsOf(rows[i]), ...scaleOf(rows[i])]),
    )}`,
  );
  context.print(`${config.accelerator}, ${config.bits} bit, ${config.epochs} epochs; ${run.dir}`);
  return { rows, ...settingsOf(options) };
}

/** What stands beside the rows with --json. */
const settingsOf = ({ config, run }: SessionOptions): object => ({
  ...{ accelerator: config.accelerator, bits: Number(config.bits), runDir: run.dir },
  ...askedOf({ config, run }),
});

type Compared = ComparedNetwork | ComparedTranslator;

const operationsOf = ({ operations }: Compared): string[] =>
  [operations.multiplications, operations.additions, operations.shifts].map(count);

/** Where the scales of adders ended: a column that only comparisons with such adders have. */
const scaleHead = (rows: readonly Compared[]): string[] =>
  rows.some(({ adderScale }) => adderScale !== undefined) ? ['adder scale'] : [];

const scaleOf = ({ adderScale }: Compared): string[] =>
  adderScale === undefined ? [] : [showScale(adderScale)];
