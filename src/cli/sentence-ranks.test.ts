/** Searches on sentence pairs under mpirun: the same bytes, killed or not; the curve of one process; refused where ranks differ. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SAVE_EVERY } from './run-session.ts';
import { killRank0, searchIn, searchOver, withoutMpi } from './testing/mpirun.ts';
import { compiledProgram, start } from './testing/program.ts';
import { runBytes } from './testing/run-bytes.ts';
import { writeTinyPairs } from './testing/tiny-pairs.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const missing = await withoutMpi();
if (missing !== undefined) console.log(`translators over ranks: skipped, ${missing}`);

describe.skipIf(missing !== undefined)('search on sentence pairs under mpirun', () => {
  let folder: string;
  let program: string;
  let settings: readonly string[];

  beforeAll(async () => {
    folder = fs.mkdtempSync(join(tmpdir(), 'sentence-ranks-'));
    program = await compiledProgram();
    const data = await writeTinyPairs(join(folder, 'pairs'));
    settings = ['--data', data, '--pair', 'en-de', '--preset', 'smoke', '--seed', '3', '--threads', '1'];
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('killed in the middle of the supernet and resumed with as many ranks, it ends in the same bytes', async () => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    const long = [...settings, '--supernet-epochs', '3', '--rank-paths', 'own'];
    const first = await searchOver(2, program, [...long, '--out', whole, '--json']).ended;
    expect(first.code, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ runDir: whole }); // rank 0 alone prints

    const running = searchOver(2, program, [...long, '--out', killed], { [SAVE_EVERY]: '0' });
    expect(await killRank0(running, killed)).not.toBe(0);
    const alone = await start(program, ['search', '--resume', killed]).ended;
    expect(alone.code).toBe(2);
    expect(alone.stderr).toMatch(
      /training the supernet must go on with as many ranks as it began with, 2, but/,
    );
    const resumed = await searchOver(2, program, ['--resume', killed, '--threads', '1']).ended;
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(runBytes(killed)).toEqual(runBytes(whole));
  });

  test('with one path for all and nothing dropped, three ranks have the curve of one process, though some batches have fewer pairs', async () => {
    const [one, three] = [join(folder, 'one'), join(folder, 'three')];
    const silent = ['--dropout', '0', '--attention-dropout', '0', '--filter-dropout', '0'];
    const args = [...settings, ...silent, '--rank-paths', 'same', '--tokens', '90', '--quiet'];
    const alone = await start(program, ['search', ...args, '--out', one]).ended;
    expect(alone.code, alone.stderr).toBe(0);
    const ranks = await searchOver(3, program, [...args, '--out', three]).ended;
    expect(ranks.code, ranks.stderr).toBe(0);
    const [wanted, found] = [one, three].map((out) => {
      const { supernet } = JSON.parse(fs.readFileSync(join(out, 'result.json'), 'utf8'));
      return supernet.curve[0] as { trainLoss: number; validationLoss: number };
    });
    expect(found.trainLoss).toBeCloseTo(wanted.trainLoss, 4);
    expect(found.validationLoss).toBeCloseTo(wanted.validationLoss, 4);
    expect(found.trainLoss).not.toBe(wanted.trainLoss); // sums in another order
  });

  test('a rank with other sentences is refused in a sentence', async () => {
    const places = ['here', 'there'].map((name) => join(folder, name));
    for (const place of places) await writeTinyPairs(join(place, 'set'));
    fs.appendFileSync(join(places[1], 'set', 'test.en'), 'one more\n');
    fs.appendFileSync(join(places[1], 'set', 'test.de'), 'eins mehr\n');
    const out = join(folder, 'other');
    const args = ['--preset', 'smoke', '--data', 'parallel:set', '--pair', 'en-de', '--out', out];
    const { code, stderr } = await searchIn(places, program, args).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /rank 1 cannot take part: on .*, parallel:set has fingerprint .{12}, but on rank 0 .{12};/,
    );
    expect(fs.existsSync(out)).toBe(false);
  });
});
