/** `npm start` is the search itself and not a parent of it: Ctrl-C ends it cleanly and leaves nothing behind. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, start } from '../src/cli/testing/program.ts';
import { QUICK, writeTinyIdx } from '../src/cli/testing/tiny-data.ts';

// `npm test` has done the set-up just now; without that, this test would do it, which may take minutes.
const isSetUp = process.env.npm_lifecycle_event === 'test';

test.skipIf(!isSetUp)(
  'npm start and SIGINT (needs npm test, which sets up first)',
  async () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'start-'));
    try {
      const out = join(folder, 'run');
      const data = writeTinyIdx(join(folder, 'data'));
      const settings = [
        '--preset',
        'smoke',
        ...QUICK,
        '--supernet-epochs',
        '500',
        '--data',
        data,
        '--out',
        out,
      ];
      const { child, ended } = start(join(root, 'scripts', 'start.mjs'), settings);
      const journal = () => fs.readFileSync(join(out, 'journal.jsonl'), 'utf8');
      let over = false;
      void ended.then(() => {
        over = true;
      });
      while (!over && !(fs.existsSync(join(out, 'journal.jsonl')) && journal().includes('train-step'))) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      expect(code, stderr).toBe(130);
      expect(stderr).toContain(`shiftaddnas: stopped; go on with: shiftaddnas search --resume ${out}`);
      // The lock is given back and the last word is written: nobody writes this run any more.
      expect(fs.existsSync(join(out, 'run.lock'))).toBe(false);
      expect(journal().trimEnd().split('\n').at(-1)).toContain('"outcome":"interrupted"');
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
