/** All threads against one, on kernels that are large enough to share. */
import { openBackend } from '../backends/open.ts';
import { KERNEL_CASES, type KernelCase } from './cases.ts';
import { describeJob } from './job.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { prepare } from './prepare.ts';
import { atLeast, type Row } from './row.ts';
import { burst, median, sleep } from './timing.ts';

/** Cases by their id. */
export const SCALED: readonly string[] = [
  'matmul-1024x1024x1024x1',
  'conv-both-32x32x64-64-3s1',
  'adder-both-32x32x64-64-3s1',
  'batchNormRelu-32x32x64',
];
/** Of two threads; of more, the same share of each: 0.9. */
const SHARE_OF_A_THREAD = 0.9;
/** Memory is one for all threads: no bar. */
const BOUND_BY_MEMORY = 'batchNormRelu';

/** No rows for a backend of one thread. */
export async function measureThreads(m: Measuring): Promise<Row[]> {
  const threads = m.backend.threads;
  if (threads === 1) return [];
  const cases = KERNEL_CASES.filter(({ id }) => SCALED.includes(id));
  const series = cases.map(() => ({ one: [] as number[], all: [] as number[] }));
  for (let round = 0; round < m.rounds; round++) {
    for (const [i, one] of cases.entries()) {
      stopIfAsked(m);
      // One first, then all: the pool belongs to the process, and is left as it was found.
      series[i].one.push(await timeWith(m, one, 1));
      series[i].all.push(await timeWith(m, one, threads));
      m.progress((round * cases.length + i + 1) / (m.rounds * cases.length));
    }
    await sleep(0);
  }
  return cases.map(({ id, job }, i): Row => {
    const ratios = series[i].one.map((ms, round) => ms / series[i].all[round]);
    const best = Math.min(...series[i].one) / Math.min(...series[i].all);
    const { title, shape } = describeJob(job);
    return {
      ...{ group: 'threads', id, title: `${title}, ${threads} threads against 1`, shape, unit: 'x' },
      ...{ best, median: median(ratios) },
      bars: id.startsWith(BOUND_BY_MEMORY) ? [] : [atLeast('times', best, SHARE_OF_A_THREAD * threads)],
    };
  });
}

async function timeWith(m: Measuring, { job }: KernelCase, threads: number): Promise<number> {
  const backend = await openBackend(m.backendName, { threads });
  const scope = backend.openScope();
  try {
    return await burst(prepare(backend, job));
  } finally {
    scope.close();
    backend.dispose();
  }
}
