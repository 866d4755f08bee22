/** `cost`: what a network or a layer costs on an accelerator, without any weights. */
import { require_ } from '../../core/errors.ts';
import {
  type Accelerator,
  accumulates,
  explain,
  findAccelerator,
  type NetworkPrice,
  Pricer,
} from '../../hardware/index.ts';
import { describePrediction } from '../../runs/latency-source.ts';
import { type Option, RUN_OPTIONS } from '../../runs/options.ts';
import { withoutLatency } from '../../runs/translation/latency.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { subjectOf } from '../cost/subject.ts';
import { count, digits, percent, table } from '../text.ts';

const options = {
  network: { kind: 'text', help: 'a network of the zoo (see `shiftaddnas zoo`)', placeholder: 'name' },
  genotype: {
    kind: 'text',
    help: 'a network of --space, such as 3-2-2:ccs|da|ss or 64-64:A4f128.D2f64|A4x4s1f128',
    placeholder: 'genotype',
  },
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
  vocabulary: {
    kind: 'integer',
    help: 'words of both languages: adds embeddings and the projection to them, which published prices leave out',
    placeholder: 'n',
    minimum: 1,
  },
  latency: {
    kind: 'text',
    help: 'predictor that says how long --genotype takes, which calibrate --networks wrote; else the accelerator does',
    placeholder: 'file',
  },
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
    'shiftaddnas cost --space multi30k --genotype "256-192:AC4f512.D8f512.A4f1024|A4x4s2f512" --tokens 14 --per-layer',
    'shiftaddnas cost --run runs/first --per-layer',
  ],
  async run(context) {
    const accelerator = findAccelerator(given<string>(context, 'accelerator') ?? options.accelerator.initial);
    const bits = Number(given<string>(context, 'bits') ?? options.bits.initial);
    const other = given<string>(context, 'explain');
    const goal =
      other === undefined ? undefined : findAccelerator(other === 'other' ? opposite(accelerator) : other);
    const { title, loads, latency, notes = [] } = subjectOf(context);
    const modelled = new Pricer(accelerator, bits).priceNetwork(loads);
    const price = latency === undefined ? modelled : { ...modelled, latencyMs: latency.latencyMs };
    require_(
      latency === undefined || other === undefined,
      'usage',
      '--explain compares the models of accelerators, and --latency predicts without one; leave one of them out',
    );
    const partOf = <T extends { latencyMs: number }>(part: T) =>
      latency === undefined ? part : withoutLatency(part);
    const explanation = goal === undefined ? undefined : explain(loads, accelerator, goal, bits);
    const macs = loads.reduce((sum, load) => sum + accumulates(load), 0);
    printPrice(context, title, price, macs);
    if (latency !== undefined) context.print(describePrediction(latency.source));
    for (const note of notes) context.print(`note: ${note}`);
    if (context.options.perLayer === true) {
      const timed = latency === undefined;
      const rows = price.layers.map(({ name, kind, energyMj, latencyMs }) => [
        ...[name, kind, digits(energyMj)],
        ...(timed ? [digits(latencyMs)] : []),
      ]);
      context.print(`\n${table(['layer', 'kind', 'mJ', ...(timed ? ['ms'] : [])], rows)}`);
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
      byFamily: Object.fromEntries(
        Object.entries(price.byFamily).map(([family, part]) => [family, partOf(part)]),
      ),
      ...(latency === undefined ? {} : { latency: latency.source }),
      ...(notes.length === 0 ? {} : { notes }),
      layers: price.layers.map(({ name, kind, energyMj, latencyMs, byLevel, byTensor }) => ({
        ...{ name, kind, ...partOf({ energyMj, latencyMs }), byLevel, byTensor },
      })),
      ...(explanation === undefined ? {} : { explanation }),
    };
  },
};
