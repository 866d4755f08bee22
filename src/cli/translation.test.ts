/** The main job on sentence pairs, through the program: search, train, translate, evaluate; killed, damaged, misused. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Random } from '../core/random.ts';
import { SAVE_EVERY } from './run-session.ts';
import { shiftaddnas } from './testing/in-process.ts';
import { compiledProgram, start } from './testing/program.ts';
import { type RunBytes, runBytes } from './testing/run-bytes.ts';
import { writeTinyPairs } from './testing/tiny-pairs.ts';

let folder: string;
let whole: string;
let found: Record<string, never>;
let bytes: RunBytes;
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const SETTINGS = ['--data', 'numbers', '--preset', 'smoke', '--seed', '3', '--trials', '3'];

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'translation-'));
  whole = join(folder, 'whole');
  const { code, stdout, stderr } = await shiftaddnas('search', ...SETTINGS, '--out', whole, '--json');
  expect(code, stderr).toBe(0);
  found = JSON.parse(stdout);
  bytes = runBytes(whole);
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test('a search ends with a winner within its limit, the fixed networks, a front and a report', () => {
  const result = JSON.parse(fs.readFileSync(join(whole, 'result.json'), 'utf8'));
  expect(result.dataset).toMatchObject({ source: 'numbers', pair: 'en-de', train: 256 });
  expect(result.baselines.map(({ name }: { name: string }) => name)).toEqual([
    ...['all-attention', 'all-lightweight-conv', 'all-lightweight-add', 'all-lightweight-shiftadd'],
  ]);
  const [attention] = result.baselines;
  expect(result.winner.energyMj).toBeLessThanOrEqual(0.95 * attention.energyMj);
  for (const { bleu, chrf, validationBleu } of [result.winner, ...result.baselines]) {
    for (const score of [bleu, chrf, validationBleu]) expect(score).toBeGreaterThanOrEqual(0);
  }
  expect(result.supernet.params).toBeLessThan(result.supernet.paramsUnshared);
  expect(result.front.length).toBeGreaterThan(0);
  expect(found).toMatchObject({ runDir: whole, winner: { genotype: result.winner.genotype } });
  expect(found).toMatchObject({ seed: 3, config: result.config });
  expect(JSON.parse(bytes.metrics)).toMatchObject({ seed: 3, config: result.config });
  expect(fs.readFileSync(join(whole, 'report.html'), 'utf8')).toContain('</html>');
});

test('what people see without progress holds the scales that adders ended with', async () => {
  const { code, stdout, stderr } = await shiftaddnas('search', '--resume', whole, '--quiet');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^scales that adders ended with: supernet \d\.\d\d to \d\.\d\d, .*all-lightweight-add/m,
  );
});

test('killed at any time and resumed, with any number of workers, it ends in the same bytes', async () => {
  const program = await compiledProgram();
  const out = join(folder, 'killed');
  const random = Random.fromSeed('kills of translators');
  for (let kills = 0; ; kills++) {
    const begun = fs.existsSync(join(out, 'config.json'));
    const workers = ['--workers', String(1 + (kills % 2))];
    const args = begun ? ['--resume', out] : [...SETTINGS, '--out', out];
    const { child, ended } = start(program, ['search', ...args, ...workers, '--quiet'], {
      [SAVE_EVERY]: '0',
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), kills < 5 ? random.uniform(300, 3000) : 230_000);
    const { code, signal, stderr } = await ended;
    clearTimeout(timer);
    if (signal === 'SIGKILL') continue;
    expect(code, stderr).toBe(0);
    break;
  }
  expect(runBytes(out)).toEqual(bytes);
});

test('translate reads sentences and files, and gives the same again with another number of threads', async () => {
  const sentences = ['It is half past three.', 'twenty-one'];
  const first = await shiftaddnas('translate', '--run', whole, '--json', ...sentences);
  expect(first.code, first.stderr).toBe(0);
  const { pair, translations } = JSON.parse(first.stdout);
  expect(pair).toBe('en-de');
  expect(translations.map(({ source }: { source: string }) => source)).toEqual(sentences);
  const file = join(folder, 'sentences.en');
  fs.writeFileSync(file, `${sentences.join('\n')}\n`);
  const second = await shiftaddnas('translate', '--run', whole, '--threads', '1', '--input', file);
  expect(second.stdout).toBe(
    translations.map(({ translation }: { translation: string }) => `${translation}\n`).join(''),
  );
});

test('evaluate gives the scores that the run ended with', async () => {
  const { winner } = JSON.parse(fs.readFileSync(join(whole, 'result.json'), 'utf8'));
  for (const [split, bleu] of [
    ['test', winner.bleu],
    ['valid', winner.validationBleu],
  ]) {
    const { code, stdout, stderr } = await shiftaddnas(
      'evaluate',
      '--run',
      whole,
      '--split',
      split,
      '--json',
    );
    expect(code, stderr).toBe(0);
    const scores = JSON.parse(stdout);
    expect(scores.bleu).toBeCloseTo(bleu, 8);
    expect(scores).toMatchObject({ seed: 3, config: { seed: 3, trials: 3 }, data: 'numbers', split });
    if (split === 'test') expect(scores.accuracy).toBeCloseTo(winner.accuracy, 8);
  }
});

test('train takes a word of the space, a fixed name, and the folder of a translator', async () => {
  const { winner } = JSON.parse(fs.readFileSync(join(whole, 'result.json'), 'utf8'));
  for (const [i, network] of [winner.genotype, 'all-attention', whole].entries()) {
    const out = join(folder, `trained-${i}`);
    const { code, stdout, stderr } = await shiftaddnas(
      ...['train', '--network', network, ...SETTINGS, '--out', out, '--json'],
    );
    expect(code, stderr).toBe(0);
    const trained = JSON.parse(stdout);
    // the winner alone gets the first weights and batches that it got in the search
    if (network !== 'all-attention') expect(trained.bleu).toBeCloseTo(winner.bleu, 8);
    expect(trained.network.genotype).toBe(
      network === 'all-attention' ? '8-8:A2f16.A2f16|A2x2s1f16.A2x2s1f16' : winner.genotype,
    );
  }
});

test('BLEU can be an objective, and candidates are then written down with theirs', async () => {
  const out = join(folder, 'bleu');
  const { code, stderr } = await shiftaddnas(
    ...[
      'search',
      ...SETTINGS,
      '--algorithm',
      'nsga2',
      '--objectives',
      'bleu,energy',
      '--out',
      out,
      '--quiet',
    ],
  );
  expect(code, stderr).toBe(0);
  const lines = fs.readFileSync(join(out, 'architectures.jsonl'), 'utf8').trimEnd().split('\n');
  const scored = lines.map((line) => JSON.parse(line));
  for (const { bleu } of scored) expect(bleu).toBeGreaterThanOrEqual(0);
  const result = JSON.parse(fs.readFileSync(join(out, 'result.json'), 'utf8'));
  const beats = (a: Record<string, number>, b: Record<string, number>) =>
    a.bleu >= b.bleu && a.energyMj <= b.energyMj && (a.bleu > b.bleu || a.energyMj < b.energyMj);
  const front = scored.filter((one) => !scored.some((other) => beats(other, one)));
  const words = (some: readonly { readonly genotype: string }[]) =>
    some.map(({ genotype }) => genotype).sort();
  expect(words(result.front)).toEqual(words(front));
  for (const { bleu, params } of result.front) expect([bleu, params]).not.toContain(undefined);

  const exported = async (format: string) => {
    const told = await shiftaddnas('report', out, '--export', format, '--json');
    expect(told.code, told.stderr).toBe(0);
    return fs.readFileSync(JSON.parse(told.stdout).files[0]);
  };
  const [study, names, ...rest] = String(await exported('optuna'))
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l));
  // BLEU is to be large: StudyDirection.MAXIMIZE is 2.
  expect(study.directions).toEqual([2, 1]);
  expect(names.system_attr['study:metric_names']).toEqual(['BLEU', 'energy (mJ)']);
  const trials = rest.filter(({ op_code }) => op_code === 4);
  expect(trials.map(({ values }) => values)).toEqual(scored.map(({ bleu, energyMj }) => [bleu, energyMj]));
  for (const [i, { params }] of trials.entries())
    expect(scored[i].genotype).toMatch(new RegExp(`^${params['encoder.width']}-${params['decoder.width']}:`));
  const [head, first] = String(await exported('csv')).split('\r\n');
  expect(Number(first.split(',')[head.split(',').indexOf('bleu')])).toBe(scored[0].bleu);
  expect(String(await exported('tensorboard'))).toContain('search/BLEU');
});

test('exports of sentence pairs whose candidates were not translated have their losses and their places', async () => {
  const told = await shiftaddnas('report', whole, '--export', 'optuna', '--json');
  expect(told.code, told.stderr).toBe(0);
  const lines = fs.readFileSync(JSON.parse(told.stdout).files[0], 'utf8').trimEnd().split('\n');
  expect(lines[1]).toContain('["loss","energy (mJ)"]');
  const { params, distributions } = JSON.parse(lines.at(-1) ?? '');
  const choices = JSON.parse(distributions['encoder.layer0.block']).attributes.choices;
  expect(choices[params['encoder.layer0.block']]).toMatch(/^[ACDS]+$/);
  expect(params['decoder.layers']).toBeGreaterThan(0);
});

test.each([
  [
    ['search', ...SETTINGS, '--crop-pad', '2'],
    '--data numbers holds sentences, and --crop-pad is about images',
  ],
  [
    ['train', '--network', 'all-attention', ...SETTINGS, '--weight-bits', '8'],
    'and --weight-bits is about images',
  ],
  [['search', ...SETTINGS, '--activation-bits', '8'], 'and --activation-bits is about images'],
  [
    ['search', '--data', 'glyphs', '--beam', '2'],
    '--data glyphs holds images, and --beam is about sentences',
  ],
  [['search', ...SETTINGS, '--space', 'cifar'], "space 'cifar' holds networks for images"],
  [['search', '--data', 'numbers', '--preset', 'small'], '--preset small is for images'],
  [
    ['train', ...SETTINGS, '--network', 'all-attention', '--weights', 'w.safetensors'],
    '--data numbers holds sentences, and --weights is about images; leave it out',
  ],
  [['train', ...SETTINGS, '--network', 'all-atention'], "did you mean 'all-attention'?"],
  [['search', ...SETTINGS, '--longest', '6'], 'no sentence pair of at most 6 subwords'],
  [['search', ...SETTINGS, '--limit-energy', '1%'], 'no architecture'],
  [
    ['search', ...SETTINGS, '--rate', '1e30', '--clip', '0'],
    'the loss must be a finite number, but it is NaN at step 2; first seen in encoder.layer0',
  ],
  [['translate', '--run', 'nowhere', 'Hello'], 'nowhere holds no trained translator'],
])('%j is refused in one sentence', async (args, sentence) => {
  const out = args[0] === 'translate' ? [] : ['--out', join(folder, 'refused')];
  const { code, stderr } = await shiftaddnas(
    ...args,
    ...out,
    '--quiet'.repeat(args[0] === 'translate' ? 0 : 1),
  );
  expect(code).not.toBe(0);
  expect(stderr).toContain(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('the published settings search, here in a small space: parents stay and are not scored again', async () => {
  const data = await writeTinyPairs(join(folder, 'pairs'));
  const small = ['--space', 'micro-seq2seq', '--merges', '60', '--population', '8', '--generations', '3'];
  const quick = ['--supernet-epochs', '1', '--epochs', '1', '--parents', '2', '--quiet', '--json'];
  const { code, stdout, stderr } = await shiftaddnas(
    ...['search', '--data', data, '--pair', 'en-de', '--preset', 'published', ...small, ...quick],
    ...['--out', join(folder, 'published')],
  );
  expect(code, stderr).toBe(0);
  const result = JSON.parse(fs.readFileSync(join(folder, 'published', 'result.json'), 'utf8'));
  expect(result.search).toMatchObject({ evaluated: 8 + 6 + 6, limits: { latencyMs: 350, macs: 2e9 } });
  expect(result.config).toMatchObject({ algorithm: 'evolution-released', norm: 'post', families: 'none' });
  expect(JSON.parse(stdout).winner.genotype).toBe(result.winner.genotype);
});

test('subwords that do not belong to the weights, or were changed, are refused with both files named', async () => {
  const copy = join(folder, 'copy');
  fs.cpSync(join(whole, 'winner'), copy, { recursive: true });
  const file = join(copy, 'subwords.json');
  const text = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, text.replace('"lowerCase":false', '"lowerCase":true'));
  const changed = await shiftaddnas('translate', '--run', copy, 'one');
  expect(changed.code).not.toBe(0);
  expect(changed.stderr).toContain('subwords.json has the checksum');

  const other = join(folder, 'other');
  const trained = await shiftaddnas(
    ...['train', '--network', 'all-attention', ...SETTINGS, '--merges', '90', '--out', other, '--json'],
  );
  expect(trained.code, trained.stderr).toBe(0);
  fs.copyFileSync(join(other, 'winner', 'subwords.json'), file);
  const foreign = await shiftaddnas('translate', '--run', copy, 'one');
  expect(foreign.stderr).toMatch(/the weights in .* are for \d+ subwords, but its subwords.json has \d+/);
});

test('a sentence that is longer than positions are known for is named', async () => {
  const file = join(folder, 'long.en');
  fs.writeFileSync(file, `one\n${'seventeen '.repeat(200)}\n`);
  const { code, stderr } = await shiftaddnas('translate', '--run', whole, '--input', file);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/sentence 2 of .*long.en has \d+ subwords, and this translator takes at most 127/);
});

test('compare trains several with several seeds and keeps a folder of each', async () => {
  const out = join(folder, 'compared');
  const { code, stdout, stderr } = await shiftaddnas(
    'compare',
    '--networks',
    'all-attention,all-lightweight-add',
    '--seeds',
    '0,1',
    ...SETTINGS,
    ...['--out', out, '--json'],
  );
  expect(code, stderr).toBe(0);
  const { rows } = JSON.parse(stdout);
  expect(rows.map(({ name }: { name: string }) => name)).toEqual(['all-attention', 'all-lightweight-add']);
  for (const { seeds, bleu, bleuDeviation, folder: kept } of rows) {
    expect(seeds).toHaveLength(2);
    expect(bleu).toBeCloseTo((seeds[0].bleu + seeds[1].bleu) / 2, 10);
    expect(bleuDeviation).toBeCloseTo(Math.abs(seeds[0].bleu - seeds[1].bleu) / Math.SQRT2, 10);
    expect(fs.existsSync(join(out, kept, 'weights.safetensors'))).toBe(true);
  }
  const twice = await shiftaddnas('compare', '--networks', 'all-attention,all-attention', ...SETTINGS);
  expect(twice.stderr).toContain('"all-attention" stands twice');
});
