/**
 * A process of its own that trains and says how much memory that took; started by memory.ts with one argument, JSON.
 * In a process that measured other things before, memory would already be there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type BackendName, openBackend } from '../backends/open.ts';
import { cnnStep } from './cnn.ts';
import { supernetStep } from './networks.ts';

export interface MemoryRequest {
  readonly backend: BackendName;
  readonly threads: number;
  /** `cnn`: the network that the peer trains too. `supernet`: random paths of a small supernet. */
  readonly network: 'cnn' | 'supernet';
  readonly batch: number;
  readonly steps: number;
  /** Step after which memory is looked at for the first time. */
  readonly mark: number;
}

export interface MemoryAnswer {
  /** Growth of the peak of resident memory from before the network was built to the end, bytes. */
  readonly peak: number;
  /** Most bytes of tensors at one time. */
  readonly tensors: number;
  /** After `mark` steps and at the end: resident bytes, and bytes that the backend took from the system. */
  readonly resident: readonly [number, number];
  readonly reserved: readonly [number, number];
}

/** Linux says what the most was, and can forget it; elsewhere the peak since the start stands in. */
function peakResident(): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (found !== null) return 1024 * Number(found[1]);
  } catch {
    // no /proc
  }
  return 1024 * process.resourceUsage().maxRSS;
}

function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // then the peak is that of the start at least, which is small
  }
}

async function measure(request: MemoryRequest): Promise<MemoryAnswer> {
  const { threads } = request;
  const backend = await openBackend(request.backend, { threads });
  forgetPeak();
  const before = process.memoryUsage.rss();
  const step =
    request.network === 'cnn'
      ? cnnStep(backend, request.batch)
      : supernetStep(backend, { space: 'micro', side: 16, batch: request.batch });
  const look = () => [process.memoryUsage.rss(), backend.memory().reserved] as const;
  let marked = look();
  for (let i = 1; i <= request.steps; i++) {
    step.run();
    if (i === request.mark) marked = look();
    // a training loop lets timers and the collector's work be served as well
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const [resident, reserved] = look();
  const answer = {
    peak: Math.max(0, peakResident() - before),
    tensors: backend.memory().peak,
    resident: [marked[0], resident],
    reserved: [marked[1], reserved],
  } as const;
  step.dispose();
  backend.dispose();
  return answer;
}

process.stdout.write(`${JSON.stringify(await measure(JSON.parse(process.argv[2])))}\n`);
