/** Kernel programs that scripts/check-kernels.mjs has built, for tests. None in an ordinary run. */
import { ShiftAddError } from '../../core/errors.ts';
import type { Backend } from '../backend.ts';
import { openHost } from './process-machine.ts';

export interface Host {
  /** For people: compiler, instruction set, sanitizers. */
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** As the environment names them: a JSON list in SHIFTADDNAS_KERNEL_HOSTS. */
export const HOSTS: readonly Host[] = JSON.parse(process.env.SHIFTADDNAS_KERNEL_HOSTS ?? '[]');

/** A host that is started again after a sanitizer has ended it, so that one fault does not hide the next. */
export class LastingHost {
  private readonly host: Host;
  private readonly threads: number;
  private open: Backend | null = null;

  constructor(host: Host, threads: number) {
    this.host = host;
    this.threads = threads;
  }

  /** What `work` gives on the host's backend. */
  async with<T>(work: (backend: Backend) => T | Promise<T>): Promise<T> {
    this.open ??= openHost(this.host.command, { threads: this.threads, environment: this.host.environment });
    try {
      return await work(this.open);
    } catch (error) {
      if (error instanceof ShiftAddError && error.code === 'run') this.dispose();
      throw error;
    }
  }

  dispose(): void {
    this.open?.dispose();
    this.open = null;
  }
}
