/** The native backend: the compiled kernels of `native/` behind the Backend contract. */
import { availableParallelism } from 'node:os';
import { ShiftAddError } from '../../core/errors.ts';
import type { Machine } from '../abi.ts';
import type { Backend } from '../backend.ts';
import { createMachineBackend } from '../machine.ts';
import { type Addon, loadAddon } from './addon.ts';

export interface NativeOptions {
  /** Threads that share a launch, 1 to 1024; default one for each processor. Results do not depend on it. */
  readonly threads?: number;
}

/** Backends that share the process's one pool of threads. */
let users = 0;

/**
 * Opens the native backend. The pool of threads belongs to the process: the number given last holds for every
 * native backend that is open. Throws 'missing' when the addon is not built or cannot be loaded, 'usage' for an
 * impossible number of threads.
 */
export function createNative(options: NativeOptions = {}): Backend {
  const threads = options.threads ?? availableParallelism();
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new ShiftAddError('usage', `threads must be a whole number from 1 to 1024, but is ${threads}`, {
      threads,
    });
  }
  const addon = loadAddon();
  const backend = createMachineBackend(machineOf(addon));
  addon.setThreads(threads);
  users++;
  return backend;
}

/** Joins the native backend of another thread of this process: memory is seen by all, launches take one thread. */
export function joinNative(): Backend {
  const addon = loadAddon();
  addon.workAlone();
  return createMachineBackend({
    ...kernelsOf(addon),
    description: `native: ${addon.isa}, 1 thread`,
    threads: 1,
    dispose() {},
  });
}

function machineOf(addon: Addon): Machine {
  let open = true;
  return {
    ...kernelsOf(addon),
    get description() {
      const threads = addon.threads();
      return `native: ${addon.isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
    },
    get threads() {
      return addon.threads();
    },
    dispose() {
      if (!open) return;
      open = false;
      users--;
      if (users === 0) addon.setThreads(1);
    },
  };
}

/** What a machine does, whoever shares its launches. */
function kernelsOf(addon: Addon): Omit<Machine, 'description' | 'threads' | 'dispose'> {
  return {
    name: 'native',
    kernels: addon.kernels,
    arguments: addon.arguments,
    allocate(bytes) {
      try {
        return addon.allocate(bytes);
      } catch {
        return 0;
      }
    },
    free: (address) => addon.free(address),
    write: (address, data) => addon.write(address, data),
    read: (address, data) => addon.read(address, data),
    run(kernel) {
      try {
        addon.run(kernel);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ShiftAddError(
          'run',
          `backend native could not run ${addon.kernels[kernel]}: ${reason}; use a smaller batch or network`,
          { kernel: addon.kernels[kernel] },
          cause,
        );
      }
    },
    link: () => ({ backend: 'native' }),
  };
}
