/** What one small operation costs beside its arithmetic: the launch, its record on the tape, the way back. */
import { add } from '../autograd/arithmetic.ts';
import { Graph, PLAIN, type Tensor } from '../autograd/graph.ts';
import { sum } from '../autograd/reduce.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { atMost, type Row } from './row.ts';
import { burstOf, finishOf, median, sleep } from './timing.ts';

/** Additions of a chain; what its ends cost is then nothing. */
const OPERATIONS = 2000;
const LENGTH = 4;
const MOST_US = 5;

const CASES = [
  { id: 'plain', title: 'addition without a tape', recording: false, back: false, bar: false },
  { id: 'recorded', title: 'addition on the tape', recording: true, back: false, bar: true },
  { id: 'back', title: 'addition on the tape and back', recording: true, back: true, bar: true },
] as const;

/** Microseconds an operation on tensors of four elements. */
export async function measureTape(m: Measuring): Promise<Row[]> {
  const { backend } = m;
  const weight = { name: 'w', shape: [LENGTH], value: backend.allocate(LENGTH), traits: PLAIN };
  const other = backend.allocate(LENGTH);
  backend.fill(weight.value, 1);
  backend.fill(other, 1);
  const run = (recording: boolean, back: boolean) => {
    const graph = new Graph(backend, { training: true, recording });
    const b = graph.constant(other, [LENGTH]);
    let y: Tensor = graph.parameter(weight);
    for (let i = 0; i < OPERATIONS; i++) y = add(y, b);
    if (back) graph.backward(sum(y));
    graph.close();
  };
  const times = CASES.map(() => [] as number[]);
  try {
    for (let round = 0; round < m.rounds; round++) {
      stopIfAsked(m);
      for (const [i, { recording, back }] of CASES.entries()) {
        const ms = await burstOf(() => run(recording, back), finishOf(backend));
        times[i].push((1e3 * ms) / OPERATIONS);
      }
      m.progress((round + 1) / m.rounds);
      await sleep(0);
    }
  } finally {
    backend.free(weight.value);
    backend.free(other);
  }
  return CASES.map(({ id, title, bar }, i): Row => {
    const best = Math.min(...times[i]);
    return {
      ...{
        group: 'tape',
        id,
        title,
        shape: `${LENGTH} elements`,
        unit: 'us',
        best,
        median: median(times[i]),
      },
      bars: bar ? [atMost('us', best, MOST_US)] : [],
    };
  });
}
