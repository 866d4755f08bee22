/** Where the time of a supernet's training step goes: a clock around every kernel. */
import type { KernelName } from '../backends/abi.ts';
import { KERNELS } from '../backends/abi.ts';
import type { Backend } from '../backends/backend.ts';
import { GROUPS, type GroupName } from '../backends/groups.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { DEFAULT_SIZES, type NetworkSizes, supernetStep } from './networks.ts';
import { atLeast, type Row } from './row.ts';
import { finishOf, median, sleep } from './timing.ts';

/** Those whose work grows faster than the tensors they read and write. */
const HEAVY: readonly KernelName[] = [
  'matmul',
  'convForward',
  'convInputGradient',
  'convWeightGradient',
  'adderForward',
  'adderInputGradient',
  'adderWeightGradient',
];
const HEAVY_SHARE = 70;
const STEPS_A_ROUND = 6;
const WARM_UP = 4;

export interface KernelTime {
  ms: number;
  calls: number;
}

const OTHERS = [
  ...(['allocate', 'openScope', 'free', 'write', 'read', 'memory'] as const),
  ...(['link', 'share', 'view', 'finish', 'dispose'] as const),
];

/** The same backend, with the time and the calls of every kernel in `spent`; the clock itself costs next to nothing. */
export function clocked(backend: Backend, spent: Map<string, KernelTime>): Backend {
  const { name, description, threads } = backend;
  const methods: Record<string, unknown> = { name, description, threads };
  for (const other of OTHERS) methods[other] = (backend[other] as () => unknown).bind(backend);
  for (const kernel of Object.keys({ ...KERNELS, ...GROUPS }) as (KernelName | GroupName)[]) {
    const run = (backend[kernel] as (...args: unknown[]) => void).bind(backend);
    methods[kernel] = (...args: unknown[]) => {
      const from = performance.now();
      run(...args);
      const ms = performance.now() - from;
      const entry = spent.get(kernel);
      if (entry === undefined) {
        spent.set(kernel, { ms, calls: 1 });
      } else {
        entry.ms += ms;
        entry.calls++;
      }
    };
  }
  return methods as unknown as Backend;
}

/**
 * The whole step, then every kernel that takes at least a hundredth of it, the longest first. Where launches are queued
 * a clock around them tells nothing, and there is the step alone.
 */
export async function measureSupernet(m: Measuring, sizes: NetworkSizes = DEFAULT_SIZES): Promise<Row[]> {
  const finish = finishOf(m.backend);
  if (finish !== undefined) return queuedSupernet(m, sizes, finish);
  const spent = new Map<string, KernelTime>();
  const step = supernetStep(clocked(m.backend, spent), sizes);
  const times: number[] = [];
  try {
    for (let i = 0; i < WARM_UP; i++) step.run();
    spent.clear();
    const steps = STEPS_A_ROUND * m.rounds;
    for (let i = 0; i < steps; i++) {
      stopIfAsked(m);
      const from = performance.now();
      step.run();
      times.push(performance.now() - from);
      m.progress((i + 1) / steps);
      if (i % STEPS_A_ROUND === 0) await sleep(0);
    }
  } finally {
    step.dispose();
  }
  return supernetRows(times, spent, sizes);
}

async function queuedSupernet(
  m: Measuring,
  sizes: NetworkSizes,
  finish: () => Promise<void>,
): Promise<Row[]> {
  const step = supernetStep(m.backend, sizes);
  const times: number[] = [];
  try {
    for (let i = 0; i < WARM_UP; i++) step.run();
    await finish();
    for (let round = 0; round < m.rounds; round++) {
      stopIfAsked(m);
      const from = performance.now();
      for (let i = 0; i < STEPS_A_ROUND; i++) step.run();
      await finish();
      times.push((performance.now() - from) / STEPS_A_ROUND);
      m.progress((round + 1) / m.rounds);
    }
  } finally {
    step.dispose();
  }
  return supernetRows(times, new Map(), sizes).map((row) => ({ ...row, bars: [] }));
}

export function supernetRows(
  times: readonly number[],
  spent: ReadonlyMap<string, KernelTime>,
  { space, side, batch }: NetworkSizes,
): Row[] {
  const total = times.reduce((sum, ms) => sum + ms, 0);
  const heavy = HEAVY.reduce((sum, name) => sum + (spent.get(name)?.ms ?? 0), 0);
  const kernels = [...spent].sort((a, b) => b[1].ms - a[1].ms).filter(([, { ms }]) => ms >= total / 100);
  const group = 'supernet' as const;
  return [
    {
      ...{ group, id: 'step', title: `supernet of space ${space}, random paths` },
      shape: `batch ${batch}, ${side}x${side}x3`,
      ...{ unit: 'ms' as const, best: Math.min(...times), median: median(times) },
      rate: { value: (1e3 * batch * times.length) / total, unit: 'images/s' },
      bars: [atLeast('% in heavy kernels', (100 * heavy) / total, HEAVY_SHARE)],
    },
    ...kernels.map(([name, { ms, calls }]): Row => {
      const mean = ms / times.length;
      return {
        ...{
          group,
          id: name,
          title: `  ${name}`,
          shape: `${(calls / times.length).toFixed(1)} calls a step`,
        },
        ...{ unit: 'ms', best: mean, median: mean },
        rate: { value: (100 * ms) / total, unit: '% of the step' },
        bars: [],
      };
    }),
  ];
}
