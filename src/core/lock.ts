/**
 * One process writes a folder. A lock file names it; when that process is gone (killed, or the machine restarted) the
 * next one takes the lock over without asking.
 */
import fs from 'node:fs';
import { hostname } from 'node:os';
import { diskError } from './atomic.ts';
import { ShiftAddError } from './errors.ts';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one that was given the same number; empty where the system does not say. */
  readonly born: string;
}

export interface Lock {
  release(): void;
}

/** A lock file without an owner in it, where there are no links: being written just now, or its writer was killed. */
const WRITING_MS = 5_000;

/**
 * Takes the lock `path` or throws ShiftAddError 'run' naming who has it; 'disk' when it cannot be written. `what` is being
 * written by whoever has it.
 */
export function acquireLock(path: string, what = 'this run'): Lock {
  const mine = ownerText(process.pid);
  for (let attempt = 0; attempt < 3; attempt++) {
    if (create(path, mine)) {
      return {
        release: () => {
          if (readText(path) === mine) fs.rmSync(path, { force: true });
        },
      };
    }
    const found = readText(path);
    if (found === undefined) continue;
    if (!isStale(path, found)) throw heldBy(what, path, parseOwner(found));
    removeStale(path, found);
  }
  throw heldBy(what, path, parseOwner(readText(path) ?? ''));
}

/** What the lock of process `pid` of this machine says. */
export function ownerText(pid: number): string {
  return JSON.stringify({ pid, host: hostname(), born: birthOf(pid) } satisfies Owner);
}

/**
 * Makes the lock with its owner in it, or returns false where there is one: it is written beside and linked to its
 * name, so a kill in between leaves no lock that nobody owns.
 */
function create(path: string, text: string): boolean {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    write(beside, text, 'w');
    fs.linkSync(beside, path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(String(code))) throw diskError(error, path);
    return createInPlace(path, text);
  } finally {
    fs.rmSync(beside, { force: true });
  }
}

/** What file systems without hard links say to one. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

function createInPlace(path: string, text: string): boolean {
  try {
    write(path, text, 'wx');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw diskError(error, path);
  }
}

function write(path: string, text: string, flags: 'w' | 'wx'): void {
  const file = fs.openSync(path, flags);
  try {
    fs.writeSync(file, text);
  } catch (error) {
    fs.rmSync(path, { force: true });
    throw error;
  } finally {
    fs.closeSync(file);
  }
}

/** Moves the stale lock aside first: if another process was faster, what moved is its lock, and goes back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.${process.pid}.tmp`;
  try {
    fs.renameSync(path, aside);
    if (readText(aside) !== stale) fs.linkSync(aside, path);
  } catch {
    // Somebody else removed it; the next attempt sees whose it is now.
  }
  fs.rmSync(aside, { force: true });
}

function isStale(path: string, text: string): boolean {
  const owner = parseOwner(text);
  if (owner === undefined) {
    const age = Date.now() - (fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    return age > WRITING_MS;
  }
  if (owner.host !== hostname()) return false;
  return !isAlive(owner.pid) || birthOf(owner.pid) !== owner.born;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The machine's start and the process's start after it, on Linux; '' elsewhere. */
function birthOf(pid: number): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22, counted behind the name in parentheses, which may hold anything (man 5 proc).
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot}:${started}`;
  } catch {
    return '';
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, host, born } = JSON.parse(text) as Partial<Owner>;
    return Number.isSafeInteger(pid) && typeof host === 'string'
      ? { pid: pid!, host, born: born ?? '' }
      : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function heldBy(what: string, path: string, owner: Owner | undefined): ShiftAddError {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
  return new ShiftAddError(
    'run',
    `${what} is being written by ${who}; wait for it or stop it, and if it is gone for certain delete ${path}`,
    { path, pid: owner?.pid ?? null, host: owner?.host ?? null },
  );
}
