/** Searches under `mpirun`, for tests; what they need is OpenMPI and the native backend. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { availableBackends } from '../../backends/open.ts';
import { type Running, startProcess } from './program.ts';

/** Why nothing can be tried here; undefined where it can. */
export async function withoutMpi(): Promise<string | undefined> {
  const native = (await availableBackends()).find(({ name }) => name === 'native');
  if (!native?.present) return native?.reason ?? 'there is no native backend';
  const { stdout } = spawnSync('mpirun', ['--version'], { encoding: 'utf8' });
  return /Open MPI/.test(stdout ?? '') ? undefined : 'there is no mpirun of OpenMPI';
}

/** Root runs tests in containers, and a rank that waits leaves the processor to the others. */
const ENVIRONMENT = {
  ...{ OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
  OMPI_MCA_mpi_yield_when_idle: '1',
};

/** Starts `mpirun ARGS`. */
export function mpirun(args: readonly string[], env: Record<string, string> = {}): Running {
  return startProcess('mpirun', ['--bind-to', 'none', '--oversubscribe', ...args], {
    ...ENVIRONMENT,
    ...env,
  });
}

/** Starts `node PROGRAM search ARGS` on so many ranks. */
export function searchOver(
  ranks: number,
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Running {
  return mpirun(['-n', `${ranks}`, process.execPath, program, 'search', ...args], env);
}

/** Starts it on one rank in each of `places`, so that one name of the data means what lies there. */
export function searchIn(places: readonly string[], program: string, args: readonly string[]): Running {
  return ranksOf(places.map((place) => ['--wdir', place, process.execPath, program, 'search', ...args]));
}

/** Starts it on one rank of each of `programs`. */
export function searchWith(programs: readonly string[], args: readonly string[]): Running {
  return ranksOf(programs.map((program) => [process.execPath, program, 'search', ...args]));
}

/** A rank of each command. */
function ranksOf(commands: readonly (readonly string[])[]): Running {
  const rank = (command: readonly string[]) => ['-n', '1', ...command];
  return mpirun(commands.flatMap((command, i) => (i === 0 ? rank(command) : [':', ...rank(command)])));
}

/** Kills rank 0 once there is a checkpoint of the supernet; mpirun then ends the others. Returns what mpirun ended with. */
export async function killRank0({ ended }: Running, out: string): Promise<number | null> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over && !fs.existsSync(join(out, 'checkpoints', 'supernet.safetensors'))) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  process.kill(JSON.parse(fs.readFileSync(join(out, 'run.lock'), 'utf8')).pid, 'SIGKILL');
  return (await ended).code;
}
