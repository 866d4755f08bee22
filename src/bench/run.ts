/** Measures groups one after the other. */
import { casesFor, gpuBars, type KernelCase, LARGE_CASES } from './cases.ts';
import { measureData } from './data.ts';
import { GROUPS, type GroupName } from './groups.ts';
import { measureKernels } from './kernels.ts';
import type { Measuring } from './measuring.ts';
import { measureMemory } from './memory.ts';
import { measurePricing } from './pricing.ts';
import type { Progress } from './progress.ts';
import type { Row } from './row.ts';
import { measureSearch } from './search.ts';
import { measureSteps } from './steps.ts';
import { measureSupernet } from './supernet.ts';
import { measureTape } from './tape.ts';
import { measureThreads } from './threads.ts';
import { finishOf } from './timing.ts';
import { measureTranslators } from './translators.ts';

/** The kernels are measured together, so that one can be compared with another. */
const KERNEL_GROUPS: readonly GroupName[] = [
  'peaks',
  'matmul',
  'conv',
  'adder',
  'shift',
  'depthwise',
  'attention',
  'norm',
  'sequence',
];

interface Stage {
  readonly title: string;
  /** Seconds it takes, roughly. */
  readonly weight: number;
  run(m: Measuring): Promise<Row[]>;
}

const SINGLE: Readonly<Partial<Record<GroupName, Omit<Stage, 'title'>>>> = {
  data: { weight: 75, run: measureData },
  steps: { weight: 8, run: measureSteps },
  translators: { weight: 12, run: measureTranslators },
  supernet: { weight: 6, run: (m) => measureSupernet(m) },
  tape: { weight: 2, run: measureTape },
  memory: { weight: 5, run: measureMemory },
  threads: { weight: 6, run: measureThreads },
  pricing: { weight: 6, run: measurePricing },
  search: { weight: 5, run: measureSearch },
};

export async function measureGroups(
  m: Omit<Measuring, 'progress'>,
  groups: readonly GroupName[],
  progress: Progress,
): Promise<Row[]> {
  const stages = stagesOf(groups);
  const total = stages.reduce((sum, { weight }) => sum + weight, 0);
  const rows: Row[] = [];
  let before = 0;
  try {
    for (const { title, weight, run } of stages) {
      const report = (done: number) => progress.show(title, (before + done * weight) / total);
      report(0);
      rows.push(...(await run({ ...m, progress: report })));
      before += weight;
    }
  } finally {
    progress.end();
  }
  return rows;
}

/** Floating-point operations a second from which a device counts as fast. */
const FAST = 2e12;

/** On a GPU: bars of its own, and larger cases where it is fast. */
async function casesOn(m: Measuring, cases: readonly KernelCase[]): Promise<readonly KernelCase[]> {
  if (finishOf(m.backend) === undefined) return cases;
  const fast = ((await m.peaks?.read('multiplyAdd')) ?? 0) > FAST;
  const groups = new Set(cases.map(({ group }) => group));
  const large = fast ? LARGE_CASES.filter(({ group }) => groups.has(group)) : [];
  return [...cases, ...large].map((one) => ({ ...one, bars: gpuBars(one), peer: false }));
}

function stagesOf(groups: readonly GroupName[]): Stage[] {
  const stages: Stage[] = [];
  const kernels = groups.filter((name) => KERNEL_GROUPS.includes(name));
  const cases = casesFor(kernels);
  if (kernels.length > 0) {
    stages.push({
      title: kernels.length === 1 ? GROUPS[kernels[0]] : 'kernels',
      weight: 1 + 0.5 * cases.length,
      run: async (m) => {
        const rows = await measureKernels(m, await casesOn(m, cases), kernels.includes('peaks'));
        return rows.filter(({ group }) => kernels.includes(group));
      },
    });
  }
  for (const name of groups) {
    const single = SINGLE[name];
    if (single !== undefined) stages.push({ title: GROUPS[name], ...single });
  }
  return stages;
}
