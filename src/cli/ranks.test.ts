/** Searches under mpirun: the same bytes for the same number of ranks, killed or not, and refused where ranks differ. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SAVE_EVERY } from './run-session.ts';
import { killRank0, mpirun, searchIn, searchOver, searchWith, withoutMpi } from './testing/mpirun.ts';
import { compiledProgram, otherCheckout, type Running, start } from './testing/program.ts';
import { runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const missing = await withoutMpi();
if (missing !== undefined) console.log(`training over ranks: skipped, ${missing}`);

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

  const search = (ranks: number, args: readonly string[], env: Record<string, string> = {}): Running =>
    searchOver(ranks, program, args, env);

  test('killed in the middle of the supernet and resumed with as many ranks, it ends in the same bytes', async () => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    const own = [...settings(), '--rank-paths', 'own'];
    const first = await search(2, [...own, '--out', whole, '--json']).ended;
    expect(first.code, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ runDir: whole }); // rank 0 alone prints

    const long = search(2, [...own, '--out', killed], { [SAVE_EVERY]: '0' });
    expect(await killRank0(long, killed)).not.toBe(0);
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
    const args = ['--batch', '30', '--out', out, '--json'];
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
    const args = ['--preset', 'smoke', ...QUICK, '--out', out, '--data', 'idx:set'];
    const { code, stderr } = await searchIn(places, program, args).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /rank 1 cannot take part: on .*, idx:set has fingerprint .{12}, but on rank 0 .{12};/,
    );
    expect(fs.existsSync(out)).toBe(false);
  });

  test('a rank of another checkout is refused in a sentence', async () => {
    const out = join(folder, 'checkouts');
    const other = otherCheckout(program);
    const args = [...settings(), '--out', out];
    const { code, stderr } = await searchWith([program, other.program], args).ended;
    other.remove();
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /rank 1 cannot take part: on .*, this shiftaddnas \S+ has code (\w{12}), but that of rank 0 has (?!\1)\w{12};/,
    );
    expect(fs.existsSync(out)).toBe(false);
  });

  test('other commands say that they do not train over ranks', async () => {
    const args = ['-n', '2', process.execPath, program, 'train', '--network', 'all-conv'];
    const { code, stderr } = await mpirun(args).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/only search trains over several ranks, .* started 2 of train; start it without/);
  });
});
