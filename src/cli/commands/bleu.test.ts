/** `bleu` from the command line: files, standard input, several references, what it refuses. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { corpusBleu } from '../../metrics/bleu/bleu.ts';
import { corpusChrf } from '../../metrics/bleu/chrf.ts';
import { jsonOf, shiftaddnas } from '../testing/in-process.ts';

const HYPOTHESES = ['Ein Hund läuft über die Wiese', 'Das kostet 1.250 €!'];
const FIRST = ['Ein brauner Hund läuft über die Wiese.', 'Das kostet 1.250 € (netto)!'];
const SECOND = ['Ein Hund läuft auf der Wiese.', 'Es kostet 1.250 €.'];

let folder: string;
let hyp: string;
let a: string;
let c: string;

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  fs.writeFileSync(file, content);
  return file;
}

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'bleu-'));
  hyp = write('output.de', `${HYPOTHESES.join('\n')}\n`);
  a = write('reference.a.de.gz', gzipSync(`\ufeff${FIRST.join('\r\n')}\r\n`));
  c = write('reference.c.de', SECOND.join('\n'));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test('one and two references, packed or not, with and without the last line end', async () => {
  const one = await shiftaddnas('bleu', '--hyp', hyp, '--ref', a);
  const expected = corpusBleu(HYPOTHESES, [FIRST]);
  expect(one.code).toBe(0);
  expect(one.stdout).toContain(`BLEU = ${expected.score.toFixed(2)} `);
  expect(one.stdout).toContain('nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:shiftaddnas-');
  const two = jsonOf(await shiftaddnas('bleu', '--hyp', hyp, '--ref', a, '--ref', c, '--json'));
  expect(two).toEqual({ metric: 'bleu', sentences: 2, ...corpusBleu(HYPOTHESES, [FIRST, SECOND]) });
});

test('flags are the options of the metrics', async () => {
  const args = ['bleu', '--hyp', hyp, '--ref', c, '--tokenize', 'none', '--lowercase', '--json'];
  const floor = jsonOf(await shiftaddnas(...args, '--smooth', 'floor', '--smooth-value', '0.5'));
  const asked = { tokenise: 'none', lowercase: true, smooth: 'floor', smoothValue: 0.5 } as const;
  expect(floor).toMatchObject(corpusBleu(HYPOTHESES, [SECOND], asked));
  const both = jsonOf(await shiftaddnas(...args, '--metric', 'both', '--effective-order'));
  const options = { tokenise: 'none', lowercase: true, effectiveOrder: true } as const;
  expect(both).toMatchObject(corpusBleu(HYPOTHESES, [SECOND], options));
  expect(both.chrf).toEqual(corpusChrf(HYPOTHESES, [SECOND], { lowercase: true }));
  const chrf = jsonOf(await shiftaddnas(...args, '--metric', 'chrf', '--word-order', '2'));
  expect(chrf).toMatchObject(corpusChrf(HYPOTHESES, [SECOND], { lowercase: true, wordOrder: 2 }));
  expect(chrf.name).toBe('chrF2++');
});

test('--per-sentence: a line each, by effective order', async () => {
  const args = ['bleu', '--hyp', hyp, '--ref', a, '--metric', 'both', '--per-sentence'];
  const { stdout } = await shiftaddnas(...args);
  expect(stdout).toMatch(/^1: bleu \d+\.\d\d, chrf \d+\.\d\d\n2: bleu /);
  const { scores } = jsonOf(await shiftaddnas(...args, '--json'));
  const first = corpusBleu([HYPOTHESES[0]], [[FIRST[0]]], { effectiveOrder: true });
  expect(scores).toHaveLength(2);
  expect(scores[0]).toEqual({ bleu: first.score, chrf: corpusChrf([HYPOTHESES[0]], [[FIRST[0]]]).score });
});

test('- is standard input', async () => {
  const piped = async (bytes: string | Uint8Array) => {
    const stdin = vi.spyOn(process, 'stdin', 'get');
    stdin.mockReturnValue(Readable.from([Buffer.from(bytes)]) as typeof process.stdin);
    try {
      return await shiftaddnas('bleu', '--hyp', '-', '--ref', c, '--json');
    } finally {
      stdin.mockRestore();
    }
  };
  const whole = await piped(HYPOTHESES.join('\n'));
  expect(jsonOf(whole).score).toBe(corpusBleu(HYPOTHESES, [SECOND]).score);
  const { code, stderr } = await piped(Uint8Array.from([0x61, 0x0a, 0xc3]));
  expect([code, stderr]).toEqual([1, expect.stringContaining('line 2 of standard input must be UTF-8')]);
});

test('says when translations look tokenised', async () => {
  const tokenised = write('tokenised.de', 'Ein Hund .\nEine Katze .\n');
  const { stdout } = await shiftaddnas('bleu', '--hyp', tokenised, '--ref', c);
  expect(stdout).toContain('note: 2 of 2 translations end in " ."');
});

test('refuses what it cannot score, with file and line', async () => {
  const errorOf = async (...args: string[]) => {
    const { code, stderr, stdout } = await shiftaddnas('bleu', ...args);
    expect(stdout).toBe('');
    return [code, stderr.trimEnd()];
  };
  const short = write('short.de', 'eins\n');
  expect(await errorOf('--hyp', hyp, '--ref', c, '--ref', short)).toEqual([
    1,
    `shiftaddnas: ${hyp} holds 2 lines, but ${short} holds 1; line i of every file must be a translation of the same sentence`,
  ]);
  const broken = write('broken.de', Buffer.from([0x61, 0x0a, 0x62, 0xff, 0x0a, 0x63]));
  expect(await errorOf('--hyp', broken, '--ref', c)).toEqual([
    1,
    `shiftaddnas: line 2 of ${broken} must be UTF-8, but is not; convert the text, for instance with iconv -t UTF-8`,
  ]);
  const [missing, sentence] = await errorOf('--hyp', hyp, '--ref', join(folder, 'reference.c.dee'));
  expect([missing, sentence]).toEqual([1, expect.stringContaining('nearest name there is reference.c.de')]);
  expect(await errorOf('--hyp', write('empty.de', ''), '--ref', c)).toEqual([
    1,
    expect.stringContaining('empty.de holds no lines'),
  ]);
  expect(await errorOf('--hyp', hyp)).toEqual([2, expect.stringContaining('needs --hyp')]);
  expect(await errorOf('--hyp', hyp, '--ref', '-')).toEqual([2, expect.stringContaining('only --hyp')]);
  expect(await errorOf('--hyp', hyp, '--ref', c, '--smooth-value', '1')).toEqual([
    2,
    expect.stringContaining('--smooth exp takes no --smooth-value'),
  ]);
  expect(await errorOf('--hyp', hyp, '--ref', c, '--tokenize', 'int')).toEqual([
    2,
    expect.stringContaining('did you mean intl?'),
  ]);
});
