/**
 * The program as a process of its own, for tests that kill it. Processes run compiled code: `dist` where it is
 * made of the sources as they are (npm test sees to that), else a copy compiled into `build/`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

interface Setup {
  compiledTypeScript(): { fresh: boolean; hash: string };
}

/** `scripts/setup.mjs`, which knows when dist is up to date. */
export async function loadSetup(): Promise<Setup> {
  return import(/* @vite-ignore */ pathToFileURL(join(root, 'scripts', 'setup.mjs')).href);
}

/** Path of the compiled main.js. */
export async function compiledProgram(): Promise<string> {
  const { fresh, hash } = (await loadSetup()).compiledTypeScript();
  if (fresh) return join(root, 'dist', 'cli', 'main.js');
  const folder = join(root, 'build', `program-${hash.slice(0, 16)}`);
  if (!fs.existsSync(folder)) compileInto(folder);
  return join(folder, 'cli', 'main.js');
}

/** Beside and renamed over, because two test files may compile at the same time. */
function compileInto(folder: string): void {
  const earlier = fs.readdirSync(dirname(folder)).filter((name) => name.startsWith('program-'));
  const beside = `${folder}.${process.pid}`;
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', beside, '--declaration', 'false'];
  const done = spawnSync(process.execPath, [...args, '--sourceMap', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (done.status !== 0) {
    fs.rmSync(beside, { recursive: true, force: true });
    throw new Error(`the sources do not compile:\n${done.stdout}${done.stderr}`);
  }
  if (fs.existsSync(folder)) {
    fs.rmSync(beside, { recursive: true });
    return;
  }
  fs.renameSync(beside, folder);
  for (const name of earlier) {
    if (!name.includes('.')) fs.rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** The program of another checkout: the same but for a comment. `remove` takes it away again. */
export function otherCheckout(program: string): { readonly program: string; remove(): void } {
  const folder = join(root, 'build', `checkout-${process.pid}`);
  fs.cpSync(dirname(dirname(program)), folder, { recursive: true });
  fs.appendFileSync(join(folder, 'core', 'random.js'), '\n// another checkout\n');
  return {
    program: join(folder, 'cli', 'main.js'),
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `node SCRIPT ARGS`. */
export function start(script: string, args: readonly string[], env: Record<string, string> = {}): Running {
  return startProcess(process.execPath, [script, ...args], env);
}

/** Starts any command in the project's folder. */
export function startProcess(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Running {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}
