/** `train` and `compare` with networks of the zoo: what they print and leave behind is what evaluate and cost say. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDescription } from '../../runs/folder.ts';
import { jsonOf, shiftaddnas } from '../testing/in-process.ts';
import { QUICK, TINY_TEST_IMAGES, writeTinyIdx } from '../testing/tiny-data.ts';

let folder: string;
let data: string;
const at = (name: string) => join(folder, name);
const settings = () => ['--preset', 'smoke', '--data', data, ...QUICK, '--threads', '1'];
const json = async (...args: string[]) => jsonOf(await shiftaddnas(...args, '--json'));

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'compare-'));
  data = writeTinyIdx(at('data'));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('train with a network of the zoo', () => {
  const name = 'adder-resnet-20@0.125';

  test('evaluate reproduces its accuracy, predict labels with it, its price is that of its layers', async () => {
    const out = at('one');
    const found = await json(
      'train',
      '--network',
      'resnet20-adder@0.125',
      ...settings(),
      '--bits',
      '8',
      '--out',
      out,
    );
    expect(found.network).toMatchObject({
      genotype: name,
      description: 'resnet-20 at 0.125 of its width: 20 add, 1 conv',
    });
    const { config } = readDescription(out);
    expect(config).toMatchObject({ network: 'resnet20-adder@0.125', seed: 0, bits: '8' });
    const metrics = JSON.parse(fs.readFileSync(join(out, 'winner', 'metrics.json'), 'utf8'));
    expect(metrics).toEqual({ ...found.network, seed: 0, config });
    expect({ seed: found.seed, config: found.config }).toEqual({ seed: 0, config });
    const evaluated = await json('evaluate', '--run', out);
    expect(evaluated).toMatchObject({ accuracy: found.accuracy, genotype: name, examples: TINY_TEST_IMAGES });
    const priced = ['stem', 'stage1', 'head'].every((part) =>
      found.network.blocks.some(
        (block: { name: string; energyMj: number }) => block.name.startsWith(part) && block.energyMj > 0,
      ),
    );
    expect(priced).toBe(true);
    const blocks = found.network.blocks.reduce(
      (sum: number, { energyMj }: { energyMj: number }) => sum + energyMj,
      0,
    );
    // the pool before the classifier is in no box
    expect(blocks / found.network.energyMj).toBeGreaterThan(0.99);
    expect(blocks).toBeLessThanOrEqual(found.network.energyMj);
    expect(fs.existsSync((await json('report', out)).report)).toBe(true);
  });

  test('it teaches another one, and is trained anew by the file that describes it', async () => {
    const file = join(at('one'), 'winner', 'architecture.json');
    const taught = await json(
      ...['train', '--network', file, ...settings(), '--distill', at('one'), '--out', at('taught')],
    );
    expect(taught.network.genotype).toBe(name);
  });

  test('a published recipe becomes settings of the run; flags win over it', async () => {
    const out = at('recipe');
    const args = ['--recipe', 'published', ...settings(), '--batch', '32', '--out', out];
    await json('train', '--network', 'adder-vgg-small@0.05', ...args);
    const own = {
      optimiser: 'sgd',
      rate: 0.1,
      decay: 5e-4,
      transformation: 'none',
      adderEta: 0.2,
      padding: 'black',
    };
    expect(readDescription(out).config).toMatchObject({ ...own, batch: 32, epochs: 2 });
  });

  test.each([
    [
      'a network that is only priced',
      ['train', '--network', 'shiftadd-bossnet-t0'],
      /"shiftadd-bossnet-t0" can be priced but not trained/,
    ],
    ['a word that is nothing', ['train', '--network', 'resnet-21'], /did you mean resnet-20\?/],
    [
      'a recipe that is none',
      ['train', '--network', 'resnet-20', '--recipe', 'adernet'],
      /did you mean addernet\?/,
    ],
    ['no networks', ['compare'], /compare needs --networks/],
    ['an empty name', ['compare', '--networks', 'resnet-20,,all-conv'], /lists words with commas/],
    ['one network twice', ['compare', '--networks', 'resnet-20,resnet-20'], /a name of its own/],
    [
      'one seed twice',
      ['compare', '--networks', 'resnet-20', '--seeds', '1,1'],
      /--seeds lists different whole numbers/,
    ],
    ['a folder without a network', ['compare', '--networks', '.'], /holds no trained network/],
  ] as const)('%s is refused and leaves no run behind', async (what, args, sentence) => {
    const out = at(`bad ${what}`);
    const { code, stderr } = await shiftaddnas(...args, ...settings(), '--out', out);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(sentence);
    expect(fs.existsSync(join(out, 'config.json'))).toBe(false);
  });
});

describe('compare', () => {
  test('networks of the zoo, of the space and of a folder; two seeds give a mean and a deviation', async () => {
    const networks = `resnet-20@0.125,all-shift,1-2:s|ad,${at('one')}`;
    const out = at('compared');
    const args = ['--networks', networks, '--seeds', '5,0', '--bits', '8', ...settings()];
    const { rows, bits, seed, config: printed } = await json('compare', ...args, '--out', out);
    expect(bits).toBe(8);
    expect(rows.map(({ genotype }: { genotype: string }) => genotype)).toEqual([
      ...['resnet-20@0.125', '1-2:s|ss', '1-2:s|ad', 'adder-resnet-20@0.125'],
    ]);
    for (const row of rows) {
      const [a, b] = row.seeds.map(({ accuracy }: { accuracy: number }) => accuracy);
      expect(row.accuracy).toBeCloseTo((a + b) / 2, 12);
      expect(row.accuracyDeviation).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
      expect(row).toMatchObject({ energyMj: expect.any(Number), params: expect.any(Number) });
      // the network of the first seed is there to be used
      const evaluated = await json('evaluate', '--run', join(out, row.folder), '--data', data);
      expect(evaluated.accuracy).toBe(a);
    }
    const { stderr } = await shiftaddnas('evaluate', '--run', out);
    expect(stderr).toMatch(/it is a comparison; name one of the folders in .*networks/);
    const saved = JSON.parse(fs.readFileSync(join(out, 'comparison.json'), 'utf8'));
    expect(saved.rows).toEqual(rows);
    const { config } = readDescription(out);
    expect(config).toMatchObject({ networks: networks.split(','), seeds: [5, 0], seed: 0 });
    expect({ seed, config: printed }).toEqual({ seed: 0, config });
    expect(saved).toEqual({ rows, seed: 0, config });
    const metrics = fs.readFileSync(join(out, rows[1].folder, 'metrics.json'), 'utf8');
    expect(JSON.parse(metrics)).toMatchObject({ seed: 5, config });
  });

  test('rows with adders say where their scales ended, over all seeds, and people see it', async () => {
    const out = at('compared');
    const { rows } = await json('compare', '--resume', out);
    for (const { folder: of, genotype, adderScale } of rows) {
      const first = JSON.parse(fs.readFileSync(join(out, of, 'metrics.json'), 'utf8')).adderScale;
      expect([genotype, adderScale !== undefined]).toEqual([genotype, /adder|d/.test(genotype)]);
      if (adderScale === undefined) continue;
      expect(adderScale.low).toBeLessThanOrEqual(first.low);
      expect(adderScale.high).toBeGreaterThanOrEqual(first.high);
    }
    expect(rows[3].adderScale.low).toBeLessThan(rows[3].adderScale.high);
    const { code, stdout, stderr } = await shiftaddnas('compare', '--resume', out, '--quiet');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^network .* adder scale$/m);
    expect(stdout).toMatch(/^1-2:s\|ad .* \d\.\d\d to \d\.\d\d$/m);
  });

  test('the training of a row is that of train with the same seed, whatever else is compared', async () => {
    const alone = await json(
      ...[
        'train',
        '--network',
        'all-shift',
        '--seed',
        '0',
        '--bits',
        '8',
        ...settings(),
        '--out',
        at('alone'),
      ],
    );
    const { rows } = JSON.parse(fs.readFileSync(join(at('compared'), 'comparison.json'), 'utf8'));
    const { accuracy, energyMj, params } = alone.network;
    expect(rows[1].seeds[1]).toMatchObject({ seed: 0, accuracy });
    expect(rows[1]).toMatchObject({ energyMj, params });
  });

  test('people see a table with the deviation', async () => {
    const args = ['--networks', 'all-shift,all-conv', '--seeds', '1,2', ...settings(), '--out', at('table')];
    const { code, stdout } = await shiftaddnas('compare', ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^network +accuracy +\+- +mJ +ms +params +mult +add +shift$/m);
    expect(stdout).toMatch(/^all-conv +\d+\.\d\d % /m);
  });
});
