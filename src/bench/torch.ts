/** PyTorch as the peer: which Python has it, and how its OpenBLAS must be told what processor this is. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ShiftAddError } from '../core/errors.ts';
import { type Peer, startPeer } from './peer.ts';

/** Beside src and dist alike. */
const SCRIPT = fileURLToPath(new URL('../../bench/peer/torch_peer.py', import.meta.url));

/** Debian's PyTorch belongs to the system's Python, which need not be the first on the path. */
const PYTHONS = ['python3', '/usr/bin/python3'];

export interface TorchOptions {
  /** The Python to use; the first that has PyTorch when absent. */
  readonly python?: string;
  readonly threads: number;
  /** Instead of bench/peer/torch_peer.py. */
  readonly script?: string;
}

/**
 * PyTorch's threads wait for each other by spinning. That is quickest on a machine of one's own and ruinous on a
 * shared one, where the thread that is waited for may not run: 100 ms in place of 2. So there are two processes, one
 * that spins and one that sleeps, and the quicker counts.
 */
const WAYS_TO_WAIT: readonly Readonly<Record<string, string>>[] = [{}, { OMP_WAIT_POLICY: 'passive' }];
/** How threads wait makes no difference to a job of this length, ms. */
const LONG_MS = 500;

/** Starts PyTorch. Throws 'missing' with what to install when no Python has it. */
export async function startTorch(options: TorchOptions): Promise<Peer> {
  const pythons = options.python === undefined ? PYTHONS : [options.python];
  const env = torchEnvironment(options.threads, cpuFlags());
  for (const python of pythons) {
    const started: Peer[] = [];
    for (const waiting of WAYS_TO_WAIT) {
      const peer = await startPeer(python, [options.script ?? SCRIPT], { ...env, ...waiting });
      if (peer === undefined) break;
      started.push(peer);
    }
    if (started.length === WAYS_TO_WAIT.length) return quickest(started);
    for (const peer of started) peer.close();
  }
  throw new ShiftAddError(
    'missing',
    `--peer needs PyTorch, but ${pythons.join(' and ')} cannot import torch: on Debian install python3-torch and ` +
      'libopenblas0-pthread with apt-get, or name another Python with --python',
    { pythons },
  );
}

/** Several processes of one peer as one: each burst is that of the quickest. */
export function quickest(peers: readonly Peer[]): Peer {
  const [first] = peers;
  return {
    introduction: first.introduction,
    warnings: first.warnings,
    async time(job, budget) {
      let best = await first.time(job, budget);
      for (const peer of peers.slice(1)) {
        if (Math.min(...best) > LONG_MS) break;
        const times = await peer.time(job, budget);
        if (Math.min(...times) < Math.min(...best)) best = times;
      }
      return best;
    },
    ask: (request) => first.ask(request),
    close: () => {
      for (const peer of peers) peer.close();
    },
  };
}

/**
 * OpenBLAS 0.3.21 takes a new processor for an old one and is then several times slower than it could be: it must be
 * told. What is set already stays.
 */
export function torchEnvironment(threads: number, flags: string): Record<string, string> {
  const core = coreType(flags);
  return {
    OMP_NUM_THREADS: String(threads),
    ...(core === undefined || process.env.OPENBLAS_CORETYPE !== undefined ? {} : { OPENBLAS_CORETYPE: core }),
  };
}

/** OpenBLAS's name for the kernels that suit a processor, by the text of /proc/cpuinfo. */
export function coreType(cpuinfo: string): string | undefined {
  const has = (flag: string) => new RegExp(`^flags.*\\b${flag}\\b`, 'm').test(cpuinfo);
  if (has('avx512f')) return 'SkylakeX';
  if (!has('avx2')) return undefined;
  return /^vendor_id\s*:\s*AuthenticAMD/m.test(cpuinfo) ? 'Zen' : 'Haswell';
}

function cpuFlags(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}

/** One line for people. */
export function describePeer({ introduction: it }: Peer): string {
  const blas = String(it.blas ?? 'unknown BLAS')
    .split('/')
    .pop();
  return `PyTorch ${it.torch} (${it.python}), ${it.threads} threads, ${blas}${it.core ? ` for ${it.core}` : ''}, matrix product ${it.matmulGflops} GFLOP/s`;
}
