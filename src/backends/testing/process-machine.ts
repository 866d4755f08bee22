/**
 * A machine whose kernels run in another process (native/host.cpp): built with sanitizers, or for another processor
 * and run by an emulator. Talks through two named pipes with plain blocking calls, so a launch is as synchronous as
 * it is in the addon. What needs no answer waits and is sent along with the next command that does.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShiftAddError } from '../../core/errors.ts';
import type { Machine } from '../abi.ts';
import type { Backend } from '../backend.ts';
import { createMachineBackend } from '../machine.ts';

export interface HostOptions {
  /** Threads that share a launch; default 1. */
  readonly threads?: number;
  /** Added to the program's environment, for example ASAN_OPTIONS. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** As native/host.cpp has them. */
const COMMAND = { describe: 0, allocate: 1, free: 2, narrow: 3, write: 4, read: 5, run: 6, setThreads: 7 };
const ARGUMENTS = 64;
const MOST_WAITING = 2 ** 20; // bytes
const MOST_MESSAGE = 2 ** 14; // bytes of what the program says before it ends

/**
 * A backend over the program that `command` starts. Each of its buffers ends where its elements end: with
 * AddressSanitizer, touching what lies behind ends the program. Throws 'missing' when the program does not start.
 */
export function openHost(command: readonly string[], options: HostOptions = {}): Backend {
  return createMachineBackend(new ProcessMachine(command, options));
}

class ProcessMachine implements Machine {
  readonly name = 'host';
  readonly description: string;
  readonly threads: number;
  readonly kernels: readonly string[];
  readonly arguments = new Float64Array(ARGUMENTS);
  private readonly child: ChildProcess;
  private readonly commands: number;
  private readonly answers: number;
  private readonly messages: number;
  private readonly number = new Float64Array(1);
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private open = true;

  constructor(command: readonly string[], { threads = 1, environment = {} }: HostOptions) {
    const folder = mkdtempSync(join(tmpdir(), 'shiftaddnas-host-'));
    try {
      const [inward, outward] = [pipe(join(folder, 'commands')), pipe(join(folder, 'answers'))];
      const message = join(folder, 'messages');
      [this.commands, this.answers] = [inward.write, outward.read];
      this.messages = openSync(message, 'w+');
      this.child = spawn(command[0], command.slice(1), {
        stdio: [inward.read, outward.write, openSync(message, 'a')],
        env: { ...process.env, ...environment },
      });
      closeSync(inward.read);
      closeSync(outward.write);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    // What went wrong is noticed at the next command; the program ends with its standard input.
    this.child.on('error', () => {});
    this.child.unref();
    if (this.child.pid === undefined) {
      throw new ShiftAddError('missing', `${command[0]} could not be started; is it installed?`, {
        command: command.join(' '),
      });
    }
    const description = Buffer.alloc(this.ask(COMMAND.describe));
    this.receive(description);
    const [isa, ...kernels] = description.toString('latin1').trimEnd().split('\n');
    this.kernels = kernels;
    this.threads = this.ask(COMMAND.setThreads, threads);
    this.description = `host: ${isa}, ${this.threads} ${this.threads === 1 ? 'thread' : 'threads'}`;
  }

  allocate(bytes: number): number {
    return this.ask(COMMAND.allocate, bytes);
  }

  free(address: number): void {
    this.put(COMMAND.free, address);
  }

  /** Blocks come in sizes that many buffers share. Only the first `bytes` may be used from now on; they hold NaN. */
  narrow(address: number, bytes: number): void {
    this.put(COMMAND.narrow, address, bytes);
  }

  write(address: number, data: Float32Array | Int32Array): void {
    this.put(COMMAND.write, address, data.byteLength);
    this.wait(bytesOf(data).slice());
    if (this.waitingBytes > MOST_WAITING) this.send();
  }

  read(address: number, data: Float32Array | Int32Array): void {
    this.put(COMMAND.read, address, data.byteLength);
    this.send();
    this.receive(bytesOf(data));
  }

  run(kernel: number): void {
    this.put(COMMAND.run, kernel, this.arguments.byteLength);
    this.wait(bytesOf(this.arguments).slice());
    this.send();
    if (this.receiveNumber() !== 0) {
      throw new ShiftAddError(
        'run',
        `the host had no memory for the scratch space of ${this.kernels[kernel]}`,
      );
    }
  }

  dispose(): void {
    if (!this.open) return;
    this.open = false;
    for (const descriptor of [this.commands, this.answers, this.messages]) closeSync(descriptor);
  }

  private put(what: number, first = 0, second = 0): void {
    this.wait(bytesOf(Float64Array.of(what, first, second)));
  }

  private ask(what: number, first = 0, second = 0): number {
    this.put(what, first, second);
    this.send();
    return this.receiveNumber();
  }

  private wait(bytes: Uint8Array): void {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
  }

  private send(): void {
    const bytes = Buffer.concat(this.waiting);
    this.waiting = [];
    this.waitingBytes = 0;
    try {
      for (let sent = 0; sent < bytes.length; ) sent += writeSync(this.commands, bytes, sent);
    } catch (cause) {
      this.ended(cause);
    }
  }

  private receive(to: Uint8Array): void {
    for (let at = 0; at < to.length; ) {
      const count = readSync(this.answers, to, at, to.length - at, null);
      if (count === 0) this.ended();
      at += count;
    }
  }

  private receiveNumber(): number {
    this.receive(bytesOf(this.number));
    return this.number[0];
  }

  /** The program is gone; what it said last says why. */
  private ended(cause?: unknown): never {
    const text = Buffer.alloc(Math.min(fstatSync(this.messages).size, MOST_MESSAGE));
    readSync(this.messages, text, 0, text.length, 0);
    const said = text.toString('utf8').trim();
    throw new ShiftAddError(
      'run',
      `the kernel program ended${said === '' ? ' without a word' : `:\n${said}`}`,
      {},
      cause,
    );
  }
}

/**
 * Both ends of a named pipe, open and blocking. Opening one end waits for the other; a reading end that does not wait
 * is there first, and then gives way to one that does.
 */
function pipe(path: string): { read: number; write: number } {
  const made = spawnSync('mkfifo', [path]);
  if (made.status !== 0) {
    throw new ShiftAddError('missing', 'mkfifo could not make a named pipe; this needs Linux or macOS');
  }
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, 'w');
  const read = openSync(path, 'r');
  closeSync(first);
  return { read, write };
}

function bytesOf(data: Float32Array | Int32Array | Float64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
