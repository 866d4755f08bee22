/** What `cost` prices: a layer, a network of the zoo, a genotype, a trained network, or a foreign one. */
import { ShiftAddError } from '../../core/errors.ts';
import type { Workload } from '../../hardware/index.ts';
import type { LatencySource } from '../../runs/latency-source.ts';
import { knownBaseline, readNetworkDescription } from '../../runs/network-files.ts';
import { openLatency } from '../../runs/translation/latency.ts';
import { decode } from '../../spaces/genotype.ts';
import { networkWorkloads, planNetwork } from '../../spaces/layout.ts';
import { loadAnySpace } from '../../spaces/load.ts';
import { retrainedSpace } from '../../spaces/retrained.ts';
import {
  decodeTranslation,
  isTranslationSpace,
  networkOf,
  PUBLISHED_TOKENS,
  type TranslationSpace,
  translationWorkloads,
} from '../../spaces/seq2seq/index.ts';
import type { Space } from '../../spaces/space.ts';
import { baselinePlan, onnxWorkloads, planWorkloads, zooWorkloads } from '../../zoo/index.ts';
import { type CommandContext, given } from '../command.ts';
import { parseLayer } from './layer.ts';

const SUBJECTS = ['network', 'genotype', 'run', 'layer', 'onnx'] as const;

/** What a command line asks to be priced. */
export interface Priced {
  readonly title: string;
  readonly loads: readonly Workload[];
  /** What is not in the price. */
  readonly notes?: readonly string[];
  /** Of the whole, where a predictor says it in place of the accelerator. */
  readonly latency?: { readonly latencyMs: number; readonly source: LatencySource };
}

/** The network in a folder, at the size it was trained for. */
function trainedNetwork(dir: string): Priced {
  const description = readNetworkDescription(dir);
  const { task } = description;
  if ('zoo' in description) {
    const plan = baselinePlan(knownBaseline(description.zoo, dir), task.image, task.classes);
    return { title: description.zoo, loads: planWorkloads(plan.steps) };
  }
  const { space, genotype } = description;
  const loads = networkWorkloads(planNetwork(space, decode(space, genotype), task));
  return { title: `${space.name} ${genotype}`, loads };
}

/** Throws `usage` unless exactly one thing is named, and for settings that do not apply to it. */
export function subjectOf(context: CommandContext): Priced {
  const chosen = SUBJECTS.filter((key) => context.options[key] !== undefined);
  if (chosen.length !== 1) {
    throw new ShiftAddError(
      'usage',
      'cost needs exactly one of --network, --genotype, --run, --layer and --onnx',
    );
  }
  if (chosen[0] !== 'genotype') refuse(context, ['latency'], `--${chosen[0]}`);
  const layer = given<string>(context, 'layer');
  if (layer !== undefined) return { title: layer, loads: [parseLayer(layer)] };
  const run = given<string>(context, 'run');
  if (run !== undefined) {
    return trainedNetwork(run);
  }
  const resolution = given<number>(context, 'resolution');
  const classes = given<number>(context, 'classes');
  const tokens = given<number>(context, 'tokens');
  const vocabulary = given<number>(context, 'vocabulary');
  const onnx = given<string>(context, 'onnx');
  if (onnx !== undefined) {
    const sizes = {
      ...(resolution === undefined ? {} : { resolution }),
      ...(tokens === undefined ? {} : { tokens }),
    };
    return { title: onnx, ...onnxWorkloads(onnx, sizes) };
  }
  const network = given<string>(context, 'network');
  if (network !== undefined) {
    const loads = zooWorkloads(network, {
      ...(resolution === undefined ? {} : { resolution }),
      ...(classes === undefined ? {} : { classes }),
      ...(tokens === undefined ? {} : { tokens }),
      ...(vocabulary === undefined ? {} : { vocabulary }),
    });
    return { title: network, loads };
  }
  const text = given<string>(context, 'genotype')!;
  const space = loadAnySpace(given<string>(context, 'space') ?? 'cifar');
  return isTranslationSpace(space) ? sentence(context, space, text) : picture(context, space, text);
}

const IMAGE_OPTIONS = [
  ...(['resolution', 'channels', 'classes', 'heads'] as const),
  ...(['retrainBlocks', 'lastStride', 'retrainWidth'] as const),
];
const SENTENCE_OPTIONS = ['tokens', 'vocabulary', 'latency'] as const;

/** `where`: what they do not apply to. */
function refuse(context: CommandContext, foreign: readonly string[], where: string): void {
  const option = foreign.find((key) => given(context, key) !== undefined);
  if (option === undefined) return;
  const flag = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new ShiftAddError('usage', `${flag} does not apply to ${where}; leave it out`, {
    option,
  });
}

/** A network of a translation space, for one sentence. */
function sentence(context: CommandContext, space: TranslationSpace, text: string): Priced {
  refuse(context, IMAGE_OPTIONS, `networks of space '${space.name}'`);
  const genotype = decodeTranslation(space, text);
  const tokens = given<number>(context, 'tokens') ?? PUBLISHED_TOKENS;
  const vocabulary = given<number>(context, 'vocabulary');
  const priced = {
    title: `${space.name} ${text}`,
    loads: translationWorkloads(networkOf(space, genotype), tokens, vocabulary),
  };
  const file = given<string>(context, 'latency');
  if (file === undefined) return priced;
  const bits = Number(given<string>(context, 'bits') ?? '32');
  const { of, source } = openLatency(file, space, { tokens, bits, flag: '--tokens' });
  return { ...priced, latency: { latencyMs: of(genotype), source } };
}

/** A network of an image space, for one image. */
function picture(context: CommandContext, searched: Space, text: string): Priced {
  refuse(context, SENTENCE_OPTIONS, `networks of space '${searched.name}'`);
  const space = retrainedSpace(searched, {
    blocks: given<string>(context, 'retrainBlocks') === 'published' ? 'published' : 'supernet',
    lastStride: given<string>(context, 'lastStride') === '1' ? 1 : 2,
    width: given<number>(context, 'retrainWidth') ?? 1,
    taught: given<string>(context, 'heads') === '2',
  });
  const side = given<number>(context, 'resolution') ?? 32;
  const image = { h: side, w: side, c: given<number>(context, 'channels') ?? 3 };
  const classes = given<number>(context, 'classes') ?? 10;
  const plan = planNetwork(space, decode(space, text), { image, classes });
  return { title: `${space.name} ${text}`, loads: networkWorkloads(plan) };
}
