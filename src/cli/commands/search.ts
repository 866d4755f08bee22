/** `search`: the main job, from data to a winner and a report. */

import { isTranslationSource } from '../../data/text/open.ts';
import { askedOf } from '../../runs/asked.ts';
import { describePrediction } from '../../runs/latency-source.ts';
import { runPipeline } from '../../runs/pipeline/pipeline.ts';
import { showRank } from '../../runs/pipeline/rank-phase.ts';
import type { SessionOptions } from '../../runs/pipeline/session.ts';
import { writeReport } from '../../runs/report/report.ts';
import type { NetworkResult, ResultInput } from '../../runs/result.ts';
import { runTranslationPipeline } from '../../runs/translation/pipeline.ts';
import type { Command, CommandContext } from '../command.ts';
import { type Leading, overRanks } from '../over-ranks.ts';
import { printScales } from '../print-scales.ts';
import { RUN_FLAGS } from '../run-options.ts';
import { withRun } from '../run-session.ts';
import { count, digits, percent, table } from '../text.ts';

function row({ name, genotype, accuracy, energyMj, latencyMs, params, operations }: NetworkResult): string[] {
  return [
    name,
    genotype,
    percent(accuracy),
    digits(energyMj),
    digits(latencyMs),
    count(params),
    count(operations.multiplications),
    count(operations.additions),
    count(operations.shifts),
  ];
}

function printResult(context: CommandContext, result: ResultInput): void {
  const networks = [result.winner, ...result.candidates, ...result.baselines] as NetworkResult[];
  const head = ['network', 'genotype', 'accuracy', 'mJ', 'ms', 'params', 'mult', 'add', 'shift'];
  context.print(`\n${table(head, networks.map(row))}`);
  const { params, paramsUnshared } = result.supernet;
  context.print(
    `supernet: ${count(params)} parameters, ${count(paramsUnshared)} if no operators shared a tensor`,
  );
  printScales(context, [{ name: 'supernet', ...result.supernet }, ...networks]);
  if (result.rank !== undefined) context.print(showRank(result.rank));
  const conv = result.baselines.find(({ name }) => name === 'all-conv');
  if (conv !== undefined) {
    const saved = 1 - result.winner.energyMj / conv.energyMj;
    const gap = 100 * (result.winner.accuracy - conv.accuracy);
    context.print(
      `winner: ${result.winner.description}\n${percent(saved)} less energy than all-convolution, ${gap >= 0 ? '+' : ''}${gap.toFixed(2)} points of accuracy (${result.accelerator.name}, ${result.bits} bit)`,
    );
  }
}

export const search: Command = {
  name: 'search',
  summary: 'train a supernet, search it under limits, retrain the winners, write a report',
  options: RUN_FLAGS,
  examples: [
    'shiftaddnas search --data glyphs',
    'shiftaddnas search --data idx:path/to/fashion-mnist --limit-energy 70% --seed 1 --out runs/fashion',
    'shiftaddnas search --data glyphs --algorithm nsga2 --objectives energy,params --bound-error 12%',
    'shiftaddnas search --resume runs/fashion',
    'mpirun -n 2 --bind-to none shiftaddnas search --data numbers',
  ],
  run: (context) => overRanks(context, (ranks) => searchHere(context, ranks)),
};

function searchHere(context: CommandContext, ranks: Leading | undefined): Promise<object> {
  return withRun(context, 'search', {}, async (options) => {
    const company = { ...options, ...ranks?.invite(options.config) };
    if (isTranslationSource(options.config.data)) return searchTranslators(context, company);
    const result = await runPipeline(company);
    const report = writeReport(options.run.dir);
    printResult(context, result);
    context.print(`report: ${report}`);
    const { winner, candidates, baselines, front, supernet, rank } = result;
    const ranking = rank === undefined ? {} : { rank };
    return {
      ...{ winner, candidates, baselines, front, supernet, ...ranking },
      ...{ runDir: options.run.dir, report, ...askedOf(options) },
    };
  });
}

async function searchTranslators(context: CommandContext, options: SessionOptions): Promise<object> {
  const result = await runTranslationPipeline(options);
  const report = writeReport(options.run.dir);
  printTranslators(context, result);
  context.print(`report: ${report}`);
  const { winner, candidates, baselines, front, supernet } = result;
  const latency = result.latency === undefined ? {} : { latency: result.latency };
  return {
    ...{ winner, candidates, baselines, front, supernet, ...latency },
    ...{ runDir: options.run.dir, report, ...askedOf(options) },
  };
}

function printTranslators(context: CommandContext, result: ResultInput): void {
  const networks = [result.winner, ...result.candidates, ...result.baselines] as NetworkResult[];
  const head = ['network', 'BLEU', 'chrF', 'held-out', 'mJ', 'ms', 'params', 'mult', 'add', 'shift'];
  const rows = networks.map(({ name, bleu = 0, chrf = 0, validationBleu = 0, ...one }) => [
    ...[name, bleu.toFixed(2), chrf.toFixed(2), validationBleu.toFixed(2)],
    ...[digits(one.energyMj), digits(one.latencyMs), count(one.params)],
    ...[one.operations.multiplications, one.operations.additions, one.operations.shifts].map(count),
  ]);
  context.print(`\n${table(head, rows)}`);
  const { params, paramsUnshared } = result.supernet;
  context.print(
    `supernet: ${count(params)} parameters, ${count(paramsUnshared)} if no operators shared a tensor`,
  );
  printScales(context, [{ name: 'supernet', ...result.supernet }, ...networks]);
  const { winner } = result;
  const attention = result.baselines.find(({ name }) => name === 'all-attention');
  const beside =
    attention === undefined
      ? ''
      : `\n${percent(1 - winner.energyMj / attention.energyMj)} less energy than attention everywhere, ${signed((winner.bleu ?? 0) - (attention.bleu ?? 0))} BLEU (${result.accelerator.name}, ${result.bits} bit)`;
  context.print(`winner: ${winner.genotype}\n${winner.description}${beside}`);
  if (result.latency !== undefined) context.print(describePrediction(result.latency));
}

const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(2)}`;
