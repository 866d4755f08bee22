/** Searches under mpirun: the same bytes for the same number of ranks, killed or not, and refused where ranks differ. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { availableBackends } from '../backends/open.ts';
import { SAVE_EVERY } from './run-session.ts';
import { compiledProgram, type Running, start, startProcess } from './testing/program.ts';
import { runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const native = (await availableBackends()).find(({ name }) => name === 'native')!;
const mpirun = spawnSync('mpirun', ['--version'], { encoding: 'utf8' });
const missing = !native.present
  ? native.reason
  : !/Open MPI/.test(mpirun.stdout ?? '')
    ? 'there is no mpirun of OpenMPI'
    : undefined;
if (missing !== undefined) console.log(`training over ranks: skipped, ${missing}`);

/** Root runs tests in containers, and a rank that waits leaves the processor to the others. */
const ENVIRONMENT = {
  ...{ OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
  OMPI_MCA_mpi_yield_when_idle: '1',
};
const HOW = ['--bind-to', 'none', '--oversubscribe'];

describe.skipIf(missing !== undefined)('search under mpirun', () => {
  let folder: string;
  let program: string;
  let data: string;
  const settings = () => ['--preset', 'smoke', '--data', data, '--seed', '3', ...QUICK, '--threads', '1'];

  beforeAll(async () => {
    folder = fs.mkdtempSync(join(tmpdir(), 'ranks-'));
    program = await compiledProgram();
    data = writeTinyIdx(join(folder, 'data'));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  function search(ranks: number, args: readonly string[], env: Record<string, string> = {}): Running {
    const command = [process.execPath, program, 'search', ...args];
    return startProcess('mpirun', ['-n', `${ranks}`, ...HOW, ...command], { ...ENVIRONMENT, ...env });
  }

  /** Kills rank 0 once there is a checkpoint of the supernet; mpirun then ends the others. */
  async function killRank0({ ended }: Running, out: string): Promise<void> {
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over && !fs.existsSync(join(out, 'checkpoints', 'supernet.safetensors'))) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    process.kill(JSON.parse(fs.readFileSync(join(out, 'run.lock'), 'utf8')).pid, 'SIGKILL');
    expect((await ended).code).not.toBe(0);
  }

  test('killed in the middle of the supernet and resumed with as many ranks, it ends in the same bytes', async () => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    const first = await search(2, [...settings(), '--out', whole, '--json']).ended;
    expect(first.code, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ runDir: whole }); // rank 0 alone prints

    const long = search(2, [...settings(), '--out', killed], { [SAVE_EVERY]: '0' });
    await killRank0(long, killed);
    const alone = await start(program, ['search', '--resume', killed]).ended;
    expect(alone.code).toBe(2);
    expect(alone.stderr).toMatch(
      /training the supernet must go on with as many ranks as it began with, 2, but there is 1; resume it with mpirun -n 2\n/,
    );
    const resumed = await search(2, ['--resume', killed, '--threads', '1']).ended;
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(runBytes(killed)).toEqual(runBytes(whole));
  });

  test('three ranks train, and a run whose supernet is trained goes on without them', async () => {
    const out = join(folder, 'three');
    const args = ['--batch', '30', '--rank-paths', 'same', '--out', out, '--json'];
    const { code, stdout, stderr } = await search(3, [...settings(), ...args]).ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).winner.accuracy).toBeGreaterThan(0);
    const again = await start(program, ['search', '--resume', out, '--json']).ended;
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(again.stdout).winner).toEqual(JSON.parse(stdout).winner);
  });

  test('a batch that cannot be cut into equal parts is refused, and leaves no folder', async () => {
    const out = join(folder, 'odd');
    const { code, stderr } = await search(2, [...settings(), '--batch', '21', '--out', out]).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /each of 2 ranks trains an equal part .* has 21 images; choose a --batch that is a/,
    );
    expect(fs.existsSync(out)).toBe(false);
  });

  test('a rank with other data is refused in a sentence', async () => {
    const places = ['here', 'there'].map((name) => join(folder, name));
    const [here, there] = places.map((place) => join(place, 'set'));
    writeTinyIdx(here);
    writeTinyIdx(there);
    const labels = join(there, 'train-labels-idx1-ubyte');
    const bytes = fs.readFileSync(labels);
    bytes[8] = (bytes[8] + 1) % 10;
    fs.writeFileSync(labels, bytes);
    const out = join(folder, 'other');
    const command = [process.execPath, program, 'search', '--preset', 'smoke', ...QUICK, '--out', out];
    const contexts = places.map((place) => [
      ...['-n', '1', '--wdir', place],
      ...[...command, '--data', 'idx:set'],
    ]);
    const args = [...HOW, ...contexts[0], ':', ...contexts[1]];
    const { code, stderr } = await startProcess('mpirun', args, ENVIRONMENT).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /rank 1 cannot take part: on .*, idx:set has fingerprint .{12}, but on rank 0 .{12};/,
    );
    expect(fs.existsSync(out)).toBe(false);
  });

  test('other commands say that they do not train over ranks', async () => {
    const args = ['-n', '2', ...HOW, process.execPath, program, 'train', '--network', 'all-conv'];
    const { code, stderr } = await startProcess('mpirun', args, ENVIRONMENT).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/only search trains over several ranks, .* started 2 of train; start it without/);
  });
});
