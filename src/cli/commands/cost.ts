/** `cost`: what a network or a layer costs on an accelerator, without any weights. */
import { nearest, ShiftAddError } from '../../core/errors.ts';
import {
  type Accelerator,
  accumulates,
  explain,
  findAccelerator,
  type NetworkPrice,
  Pricer,
  type Workload,
  type WorkloadKind,
} from '../../hardware/index.ts';
import { linearWorkload, windowWorkload } from '../../layers/workloads.ts';
import { knownBaseline, readNetworkDescription } from '../../runs/network-files.ts';
import { type Option, RUN_OPTIONS } from '../../runs/options.ts';
import { decode } from '../../spaces/genotype.ts';
import { networkWorkloads, planNetwork } from '../../spaces/layout.ts';
import { loadSpace } from '../../spaces/load.ts';
import { retrainedSpace } from '../../spaces/retrained.ts';
import { baselinePlan, onnxWorkloads, planWorkloads, zooWorkloads } from '../../zoo/index.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { count, digits, percent, table } from '../text.ts';

const options = {
  network: { kind: 'text', help: 'a network of the zoo (see `shiftaddnas zoo`)', placeholder: 'name' },
  genotype: { kind: 'text', help: 'a network of --space, such as 3-2-2:ccs|da|ss', placeholder: 'genotype' },
  space: { kind: 'text', help: 'space of --genotype: a preset or a file', placeholder: 'name|file' },
  run: {
    kind: 'text',
    help: 'the trained network of a run, or of a folder with architecture.json',
    placeholder: 'dir',
  },
  retrainBlocks: {
    ...RUN_OPTIONS.retrainBlocks,
    help: "blocks of --genotype: the space's, or as published with SiLU and squeeze-excite",
  },
  lastStride: { ...RUN_OPTIONS.lastStride, help: 'stride into the last stage of --genotype' },
  retrainWidth: { ...RUN_OPTIONS.retrainWidth, help: 'channels of --genotype, as a multiple of the space' },
  heads: {
    kind: 'choice',
    help: 'heads of --genotype with published blocks; the second learns from a teacher',
    choices: ['1', '2'],
    initial: '1',
  },
  layer: {
    kind: 'text',
    help: 'one layer: kind (conv, add, shift), input size, input channels, kernel, output channels, output size, stride, and groups if not 1; or kind (linear, shift, add), rows, inputs, outputs',
    placeholder: 'conv,14,256,3,256,14,1',
  },
  onnx: {
    kind: 'text',
    help: 'a foreign network of standard operators: an ONNX file',
    placeholder: 'file',
  },
  accelerator: {
    kind: 'text',
    help: 'a name or a JSON file',
    placeholder: 'name|file',
    initial: 'shiftaddnas-released',
  },
  bits: {
    kind: 'choice',
    help: 'width of weights and activations',
    choices: ['32', '16', '8'],
    initial: '32',
  },
  resolution: { kind: 'integer', help: 'pixels a side', placeholder: 'n', minimum: 1 },
  channels: {
    kind: 'integer',
    help: 'image channels of --genotype',
    placeholder: 'n',
    minimum: 1,
    initial: 3,
  },
  classes: { kind: 'integer', help: 'classes of the head', placeholder: 'n', minimum: 1 },
  tokens: { kind: 'integer', help: 'tokens of a sentence', placeholder: 'n', minimum: 1 },
  perLayer: { kind: 'boolean', help: 'a line for every layer' },
  explain: {
    kind: 'text',
    help: 'what each difference to another accelerator changes: the honest model to the released ones, or the reverse',
    placeholder: 'name|file',
    bare: 'other',
  },
} as const satisfies Record<string, Option>;

/** The accelerator that --explain without a name compares with. */
function opposite({ name }: Accelerator): string {
  return name === 'rowstationary-45nm' ? 'shiftaddnas-released' : 'rowstationary-45nm';
}

const SUBJECTS = ['network', 'genotype', 'run', 'layer', 'onnx'] as const;
const LAYER_KINDS = ['conv', 'add', 'shift', 'linear'] as const;

/** `conv,14,256,3,256,14,1`, with a further number for groups, or `linear,30,512,2048` */
function parseLayer(text: string): Workload {
  const [kind, ...numbers] = text.split(',').map((part) => part.trim());
  const fail = (sentence: string): never => {
    throw new ShiftAddError('usage', `--layer ${sentence}`, { layer: text });
  };
  if (!(LAYER_KINDS as readonly string[]).includes(kind)) {
    const near = nearest(kind, LAYER_KINDS);
    fail(
      `starts with a kind (${LAYER_KINDS.join(', ')}), but got "${kind}"${near ? `; did you mean ${near}?` : ''}`,
    );
  }
  const sizes = numbers.map(Number);
  const named = { name: 'layer', kind: kind as WorkloadKind, family: kind };
  const whole = sizes.every((size) => Number.isInteger(size) && size > 0);
  if (whole && sizes.length === 3) {
    const [rows, inputs, outputs] = sizes;
    return { ...linearWorkload('layer', kind, rows, inputs, outputs), ...named };
  }
  if (!whole || (sizes.length !== 6 && sizes.length !== 7)) {
    fail(
      'needs a kind and six whole numbers (input size, input channels, kernel, output channels, output size, stride), ' +
        `or a kind and three (rows, inputs, outputs), all above zero, but got "${text}"`,
    );
  }
  const [h, c, r, m, e, stride, groups = 1] = sizes;
  if (c % groups !== 0 || m % groups !== 0) {
    fail(
      `has ${groups} groups, which must divide its ${c} input and ${m} output channels; give 1, or ${c} if both are ${c}`,
    );
  }
  const [least, most] = [Math.max(1, Math.floor((h - r) / stride) + 1), Math.floor((h + r - 2) / stride) + 1];
  if (e < least || e > most) {
    fail(
      `has an output of ${e}, but a window of ${r} with stride ${stride} over an input of ${h} gives ` +
        `${least === most ? least : `${least} to ${most}`}; the nearest is ${e < least ? least : most}`,
    );
  }
  return windowWorkload({ ...named, ...{ h, w: h, c, r, s: r, m, e, f: e, stride, groups } });
}

interface Priced {
  readonly title: string;
  readonly loads: readonly Workload[];
  /** What is not in the price. */
  readonly notes?: readonly string[];
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

function workloads(context: CommandContext): Priced {
  const chosen = SUBJECTS.filter((key) => context.options[key] !== undefined);
  if (chosen.length !== 1) {
    throw new ShiftAddError(
      'usage',
      'cost needs exactly one of --network, --genotype, --run, --layer and --onnx',
    );
  }
  const layer = given<string>(context, 'layer');
  if (layer !== undefined) return { title: layer, loads: [parseLayer(layer)] };
  const run = given<string>(context, 'run');
  if (run !== undefined) {
    return trainedNetwork(run);
  }
  const resolution = given<number>(context, 'resolution');
  const classes = given<number>(context, 'classes');
  const tokens = given<number>(context, 'tokens');
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
    });
    return { title: network, loads };
  }
  const space = retrainedSpace(loadSpace(given<string>(context, 'space') ?? 'cifar'), {
    blocks: given<string>(context, 'retrainBlocks') === 'published' ? 'published' : 'supernet',
    lastStride: given<string>(context, 'lastStride') === '1' ? 1 : 2,
    width: given<number>(context, 'retrainWidth') ?? 1,
    taught: given<string>(context, 'heads') === '2',
  });
  const text = given<string>(context, 'genotype')!;
  const side = resolution ?? 32;
  const image = { h: side, w: side, c: given<number>(context, 'channels') ?? 3 };
  const plan = planNetwork(space, decode(space, text), { image, classes: classes ?? 10 });
  return { title: `${space.name} ${text}`, loads: networkWorkloads(plan) };
}

const signed = (value: number, digitsBehind = 3) => `${value >= 0 ? '+' : ''}${value.toFixed(digitsBehind)}`;

function printPrice(context: CommandContext, title: string, price: NetworkPrice, macs: number): void {
  const { operations } = price;
  context.print(`${title}: ${digits(price.energyMj)} mJ, ${digits(price.latencyMs)} ms`);
  context.print(
    `  ${count(macs)} accumulates: ${count(operations.multiplications)} multiplications, ${count(operations.additions)} additions, ${count(operations.shifts)} shifts`,
  );
  if (price.areaMm2 !== undefined) context.print(`  arithmetic area ${digits(price.areaMm2)} mm2`);
  const shares = Object.entries(price.byLevel).map(([level, mj]) => [
    level,
    digits(mj),
    percent(mj / price.energyMj),
  ]);
  context.print(`\n${table(['level', 'mJ', 'share'], shares)}`);
}

export const cost: Command = {
  name: 'cost',
  summary: 'price a network or one layer on an accelerator',
  options,
  examples: [
    'shiftaddnas cost --network shiftaddnas-t1-v4 --resolution 256 --per-layer',
    'shiftaddnas cost --layer conv,14,256,3,256,14,1 --bits 8',
    'shiftaddnas cost --onnx model.onnx --resolution 224 --accelerator rowstationary-45nm',
    'shiftaddnas cost --network shiftaddnas-t0-v3 --explain',
    'shiftaddnas cost --space hytra --genotype "2-4-5-5:cc|cscc|scass|aacaa" --resolution 224 --classes 1000 --retrain-blocks published --retrain-width 2',
    'shiftaddnas cost --run runs/first --per-layer',
  ],
  async run(context) {
    const accelerator = findAccelerator(given<string>(context, 'accelerator') ?? options.accelerator.initial);
    const bits = Number(given<string>(context, 'bits') ?? options.bits.initial);
    const other = given<string>(context, 'explain');
    const goal =
      other === undefined ? undefined : findAccelerator(other === 'other' ? opposite(accelerator) : other);
    const { title, loads, notes = [] } = workloads(context);
    const price = new Pricer(accelerator, bits).priceNetwork(loads);
    const explanation = goal === undefined ? undefined : explain(loads, accelerator, goal, bits);
    const macs = loads.reduce((sum, load) => sum + accumulates(load), 0);
    printPrice(context, title, price, macs);
    for (const note of notes) context.print(`note: ${note}`);
    if (context.options.perLayer === true) {
      const rows = price.layers.map(({ name, kind, energyMj, latencyMs }) => [
        name,
        kind,
        digits(energyMj),
        digits(latencyMs),
      ]);
      context.print(`\n${table(['layer', 'kind', 'mJ', 'ms'], rows)}`);
    }
    if (explanation !== undefined && goal !== undefined) {
      const { start, end, steps } = explanation;
      const rows = steps.map((step) => [
        `${step.change}: ${step.from} -> ${step.to}`,
        digits(step.energyMj),
        signed(step.energyChangeMj),
        `${signed(step.energyChangePercent, 1)} %`,
        digits(step.latencyMs),
        `${signed(step.latencyChangePercent, 1)} %`,
      ]);
      const first = [accelerator.name, digits(start.energyMj), '', '', digits(start.latencyMs), ''];
      const change = (a: number, b: number) => `${signed(100 * (b / a - 1), 1)} %`;
      const last = [
        ...[goal.name, digits(end.energyMj), signed(end.energyMj - start.energyMj)],
        ...[
          change(start.energyMj, end.energyMj),
          digits(end.latencyMs),
          change(start.latencyMs, end.latencyMs),
        ],
      ];
      const head = ['change', 'mJ', 'difference', 'percent', 'ms', 'percent'];
      context.print(`\n${table(head, [first, ...rows, last])}`);
    }
    return {
      network: title,
      accelerator: accelerator.name,
      bits,
      energyMj: price.energyMj,
      latencyMs: price.latencyMs,
      ...(price.areaMm2 === undefined ? {} : { areaMm2: price.areaMm2 }),
      macs,
      operations: price.operations,
      byLevel: price.byLevel,
      byFamily: price.byFamily,
      ...(notes.length === 0 ? {} : { notes }),
      layers: price.layers.map(({ name, kind, energyMj, latencyMs, byLevel, byTensor }) => ({
        name,
        kind,
        energyMj,
        latencyMs,
        byLevel,
        byTensor,
      })),
      ...(explanation === undefined ? {} : { explanation }),
    };
  },
};
