/**
 * A made-up but plausible run folder, for tests of the report and for working on its looks: no training, every
 * number drawn from a seed. Its names try to break out of the markup.
 */
import fs from 'node:fs';
import { EventBus } from '../../core/events.ts';
import { Random } from '../../core/random.ts';
import { OPERATOR_NAMES, type OperatorName } from '../../operators/names.ts';
import { ArchitectureLog } from '../architectures.ts';
import { createRun } from '../folder.ts';
import { Journal } from '../journal.ts';
import { type NetworkResult, writeResult } from '../result.ts';

/** How far the run has come. */
export type Progress = 'begun' | 'searching' | 'finished';

const LENGTHS = [2, 3, 4];
const STAGES = [
  { side: 32, channels: 64 },
  { side: 16, channels: 128 },
  { side: 8, channels: 256 },
];
const COST: Readonly<Record<OperatorName, number>> = { attention: 0.8, conv: 1, add: 0.52, shift: 0.34 };
const LETTER: Readonly<Record<OperatorName, string>> = { attention: 'a', conv: 'c', add: 'd', shift: 's' };

/** `randomSearches`: random ones beside the search, to compare with. */
export function writeSyntheticRun(dir: string, progress: Progress, seed = 1, randomSearches = 0): void {
  const random = Random.fromSeed(seed);
  const run = createRun(dir, {
    command: 'search',
    config: {
      data: 'idx:<img src=x onerror=alert(1)>/fashion-mnist',
      seed,
      epochs: 8,
      limitEnergy: '70%',
      accelerator: 'shiftaddnas-released',
    },
  });
  const bus = new EventBus();
  let clock = Date.UTC(2026, 0, 31, 9, 30);
  const journal = new Journal(run.journal, () => new Date((clock += 700)));
  const log = new ArchitectureLog(run.architectures);
  bus.subscribe(journal.record);
  bus.subscribe(log.record);
  try {
    emitRun(bus, random, progress, randomSearches);
    if (progress === 'begun') return;
    fs.writeFileSync(run.histograms, JSON.stringify(weights(random)));
    if (progress === 'searching') return;
    finish(run.result, bus, random);
  } finally {
    journal.close();
    log.close();
    run.close();
  }
}

function emitRun(bus: EventBus, random: Random, progress: Progress, randomSearches: number): void {
  const machine = {
    processor: 'Example 9000 </td>',
    cores: 2,
    memoryGiB: 8,
    backend: 'native avx2, 2 threads',
  };
  bus.emit({ type: 'run-started', command: 'search', version: '0.1.0', seed: 1, machine });
  train(bus, random, 'supernet', 1, 0.86);
  if (progress === 'begun') return;
  bus.emit({ type: 'phase-started', phase: 'search', index: 2, of: 7, title: 'searching' });
  const limits = { energyMj: 6.2 };
  bus.emit({ type: 'search-started', generations: 8, evaluations: 400, limits });
  search(bus, random, 400, 0);
  bus.emit({
    type: 'phase-started',
    phase: 'search-frugal',
    index: 3,
    of: 7,
    title: 'searching below all-add',
  });
  bus.emit({ type: 'search-started', generations: 4, evaluations: 200, limits: { energyMj: 4.7 } });
  search(bus, random, 200, 0.15);
  for (let i = 1; i <= randomSearches; i++) {
    const [phase, title] = [`search-random-${i}`, `searching at random, to compare (${i})`];
    bus.emit({ type: 'phase-started', phase, index: 3, of: 7, title });
    bus.emit({ type: 'search-started', generations: 8, evaluations: 400, limits, baseline: true });
    search(bus, random, 400, 0, true);
  }
  bus.emit({ type: 'note', text: 'adder scales end between 3.1 & 6.4 <b>(bounded)</b>' });
}

function search(bus: EventBus, random: Random, of: number, offset: number, baseline = false): void {
  const role = baseline ? { baseline: true as const } : {};
  const learned = baseline ? 0 : 0.25;
  for (let index = 1; index <= of; index++) {
    const operators = draw(random);
    const scores = {
      ...price(operators),
      ...supernetScore(operators, random, offset - (learned * index) / of),
    };
    bus.emit({ type: 'candidate-scored', genotype: word(operators), ...scores, index, of, ...role });
    if (index % 50 !== 0) continue;
    const best = { genotype: word(operators), ...scores };
    bus.emit({
      type: 'generation-ended',
      generation: index / 50,
      of: of / 50,
      evaluated: index,
      feasible: index,
      best,
      frontSize: 9,
      corner: [Math.log(10), 6.2],
    });
  }
}

function train(bus: EventBus, random: Random, phase: string, index: number, reach: number): void {
  bus.emit({ type: 'phase-started', phase, index, of: 7, title: `training ${phase}` });
  const [epochs, steps] = [8, 400];
  for (let step = 1; step <= steps; step++) {
    const t = step / steps;
    const loss = 0.55 + (1 - reach) * 2 + 1.5 * Math.exp(-5 * t) + 0.05 * random.normal();
    if (step % 2 === 0)
      bus.emit({ type: 'train-step', phase, step, steps, loss, rate: 0.003 * (1 - t), imagesPerSecond: 900 });
    if (step % (steps / epochs) !== 0) continue;
    const validationAccuracy = Math.min(1, reach - 0.14 * Math.exp(-4 * t) + 0.003 * random.normal());
    bus.emit({
      type: 'epoch-ended',
      phase,
      epoch: t * epochs,
      epochs,
      trainLoss: loss,
      validationLoss: loss,
      validationAccuracy,
    });
  }
  bus.emit({ type: 'phase-ended', phase, seconds: 240 });
}

function finish(path: string, bus: EventBus, random: Random): void {
  const pure = (operator: OperatorName) =>
    LENGTHS.flatMap((length) => new Array<OperatorName>(length).fill(operator));
  const found: OperatorName[] = [
    'shift',
    'conv',
    'shift',
    'add',
    'conv',
    'attention',
    'add',
    'attention',
    'shift',
  ];
  const second: OperatorName[] = [
    'conv',
    'shift',
    'conv',
    'shift',
    'add',
    'attention',
    'shift',
    'attention',
    'conv',
  ];
  const all = [
    { ...network('candidate-1', found, 0.9174), role: 'candidate' as const },
    { ...network('candidate-2', second, 0.9141), role: 'candidate' as const },
    { ...network('all-conv', pure('conv'), 0.9203), role: 'baseline' as const },
    { ...network('all-add', pure('add'), 0.8992), role: 'baseline' as const },
    { ...network('all-shift', pure('shift'), 0.9048), role: 'baseline' as const },
  ];
  for (const [
    i,
    { role, name, genotype, accuracy, validationAccuracy, energyMj, latencyMs, params, macs },
  ] of all.entries()) {
    train(bus, random, `retrain:${name}`, i + 4, accuracy);
    const scores = {
      genotype,
      loss: 1 - accuracy,
      accuracy,
      validationAccuracy,
      energyMj,
      latencyMs,
      params,
      macs,
    };
    bus.emit({ type: 'network-evaluated', name, role, ...scores });
  }
  bus.emit({ type: 'run-ended', outcome: 'finished', seconds: 2870 });
  const bare = all.map(({ role: _, ...rest }) => rest);
  writeResult(path, {
    schema: 1,
    command: 'search',
    config: { seed: 1 },
    dataset: {
      source: 'idx:data/fashion-mnist',
      classes: ['T-shirt', '"><script>alert(1)</script>'],
      train: 55_000,
      validation: 5_000,
      test: 10_000,
    },
    accelerator: { name: 'shiftaddnas-released' },
    bits: 32,
    supernet: { params: 1_240_000, paramsUnshared: 3_310_000, curve: [] },
    search: { evaluated: 600, generations: 8, limits: { energyMj: 6.2 } },
    winner: { ...bare[0], name: 'winner' },
    candidates: [bare[1]],
    baselines: bare.slice(2),
    front: frontOf(random),
    rank: rankOf(random.split('rank')),
    times: { seconds: 2870 },
  });
}

function frontOf(random: Random) {
  return Array.from({ length: 9 }, (_, i) => ({
    genotype: word(draw(random)),
    loss: 0.5 - i * 0.02,
    accuracy: 0.82 + 0.042 * Math.sqrt(i / 8),
    energyMj: 3.4 + i * 0.34,
    latencyMs: 2,
  }));
}

function rankOf(random: Random) {
  const paths = Array.from({ length: 16 }, () => {
    const genotype = word(draw(random));
    const loss = 0.28 + 0.12 * random.uniform();
    const supernetLoss = 0.3 + 0.8 * loss + 0.03 * random.normal();
    return {
      genotype,
      supernetLoss,
      supernetAccuracy: 1 - supernetLoss / 3,
      loss,
      accuracy: 1 - loss / 3,
    };
  });
  return {
    kendallTau: { value: 0.61, low: 0.28, high: 0.85 },
    spearmanRho: { value: 0.77, low: 0.36, high: 0.95 },
    confidence: 0.95,
    resamples: 2000,
    paths,
  };
}

function draw(random: Random): OperatorName[] {
  const choices = LENGTHS.flatMap((length, stage) =>
    new Array<readonly OperatorName[]>(length).fill(stage === 0 ? OPERATOR_NAMES.slice(1) : OPERATOR_NAMES),
  );
  return choices.map((allowed) => random.choice(allowed));
}

function word(operators: readonly OperatorName[]): string {
  const letters = operators.map((operator) => LETTER[operator]).join('');
  return `2-3-4:${letters.slice(0, 2)}|${letters.slice(2, 5)}|${letters.slice(5)}`;
}

const stageOf = (layer: number) => (layer < 2 ? 0 : layer < 5 ? 1 : 2);

function price(operators: readonly OperatorName[]) {
  const energyMj = operators.reduce(
    (sum, operator, i) => sum + COST[operator] * [1.2, 0.9, 0.8][stageOf(i)],
    0.6,
  );
  return {
    energyMj,
    latencyMs: energyMj * 0.41,
    params: 380_000 + 9_000 * operators.length,
    macs: 21_400_000,
  };
}

function supernetScore(operators: readonly OperatorName[], random: Random, offset: number) {
  const strength = operators.reduce((sum, operator) => sum + COST[operator], 0) / operators.length;
  const loss = 0.62 + offset - 0.14 * strength + 0.04 * random.normal();
  return { loss, accuracy: Math.min(0.99, 0.9 - 0.12 * loss + 0.006 * random.normal()) };
}

function network(name: string, operators: readonly OperatorName[], accuracy: number): NetworkResult {
  const priced = price(operators);
  const searched = operators.map((operator, i): NetworkResult['blocks'][number] => {
    const stage = stageOf(i);
    const { side, channels } = STAGES[stage];
    const energyMj = COST[operator] * [1.2, 0.9, 0.8][stage];
    return {
      name: `layer${i}.stage${stage}`,
      operator,
      stage,
      height: side,
      width: side,
      channels,
      energyMj,
      latencyMs: 0.2,
    };
  });
  const ends = { stage: null, latencyMs: 0.05 };
  const byFamily: Record<string, { energyMj: number; latencyMs: number }> = {
    stem: { energyMj: 0.5, latencyMs: 0.1 },
    head: { energyMj: 0.1, latencyMs: 0.1 },
  };
  for (const { operator, energyMj, latencyMs } of searched) {
    const family = (byFamily[operator] ??= { energyMj: 0, latencyMs: 0 });
    family.energyMj += energyMj;
    family.latencyMs += latencyMs ?? 0;
  }
  const share = (part: number) => priced.energyMj * part;
  const pureAdd = operators.every((operator) => operator === 'add');
  const of = (operator: OperatorName) => operators.filter((one) => one === operator).length * 2_300_000;
  return {
    name,
    genotype: word(operators),
    description: `9 layers (2-3-4): ${[...new Set(operators)].join(', ')}`,
    accuracy,
    validationAccuracy: accuracy + 0.002,
    ...priced,
    operations: {
      multiplications: of('conv') + of('attention') + 800_000,
      additions: 21_400_000 + of('add'),
      shifts: of('shift'),
    },
    byFamily,
    byLevel: pureAdd
      ? { computation: share(0.3), DRAM: 0, GB: 0, NoC: share(0.2), RF: share(0.5) }
      : { computation: share(0.26), DRAM: share(0.22), GB: share(0.09), NoC: share(0.13), RF: share(0.3) },
    blocks: [
      { name: 'stem', operator: 'stem', ...ends, height: 32, width: 32, channels: 32, energyMj: 0.5 },
      ...searched,
      { name: 'head', operator: 'head', ...ends, height: 1, width: 1, channels: 10, energyMj: 0.1 },
    ],
  };
}

function weights(random: Random) {
  return [
    'layer0.stage0',
    'layer1.stage0',
    'layer2.stage1',
    'layer3.stage1',
    'layer5.stage2',
    'layer6.stage2',
  ].flatMap((layer) =>
    (['shared', 'add', 'shift'] as const).map((tensor) => {
      const scale = tensor === 'add' ? 4 : 0.06;
      const counts = new Array<number>(48).fill(0);
      for (let i = 0; i < 4000; i++) {
        let value = random.normal() / 3;
        if (tensor === 'shift')
          value = Math.sign(value) * 2 ** Math.round(Math.log2(Math.max(1e-3, Math.abs(value))));
        counts[Math.max(0, Math.min(47, Math.floor((value + 1) * 24)))]++;
      }
      const edges = Array.from({ length: 49 }, (_, i) => (i / 24 - 1) * scale * 3);
      return {
        layer,
        tensor,
        edges,
        counts,
        gaussLogLikelihood: 1.22 - Math.log(scale),
        laplaceLogLikelihood: 1.17 - Math.log(scale),
      };
    }),
  );
}
