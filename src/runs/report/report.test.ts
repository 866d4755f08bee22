import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NetworkScores, RunEvent } from '../../core/events.ts';
import { runPaths } from '../folder.ts';
import { spread } from './curves.ts';
import { change, count, millijoule, percent, points, significant } from './format.ts';
import { frontOf, gather } from './gather.ts';
import { hypervolumes, volumeCaption } from './hypervolume.ts';
import { placeLabels } from './labels.ts';
import { escapeText, markup } from './markup.ts';
import { domainOf, textWidth } from './plot.ts';
import { reportHtml, writeReport } from './report.ts';
import { searchedInstead } from './synthetic-objectives.ts';
import { writeSyntheticRun } from './synthetic-run.ts';
import { SYNTHETIC_WINNER, writeSyntheticTranslation } from './synthetic-translation.ts';

let dir: string;
beforeEach(() => {
  dir = join(fs.mkdtempSync(join(tmpdir(), 'report-')), 'run');
});
afterEach(() => {
  fs.rmSync(join(dir, '..'), { recursive: true, force: true });
});

describe('the page', () => {
  test('escapes every string it is given and refers to nothing outside itself', () => {
    writeSyntheticRun(dir, 'finished');
    const page = fs.readFileSync(writeReport(dir), 'utf8');
    expect(page).not.toMatch(/<script|<img|<b>|<\/td>\s*<\/dd>/);
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(page).toContain('&quot;&gt;&lt;script&gt;');
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
    expect(page).not.toMatch(/url\(|@import|undefined|NaN|\[object/);
  });

  test('is the same for the same folder', () => {
    writeSyntheticRun(dir, 'finished');
    expect(reportHtml(gather(dir))).toBe(reportHtml(gather(dir)));
  });

  test('says where an unfinished run stands, also when its last line is torn', () => {
    writeSyntheticRun(dir, 'begun');
    fs.appendFileSync(runPaths(dir).journal, '{"type":"no');
    const page = fs.readFileSync(writeReport(dir), 'utf8');
    expect(page).toContain('in progress');
    expect(page).toContain('Last seen in phase 1 of 7: training supernet.');
    expect(page).not.toContain('id="scatter"');
  });

  test('a run that has only its config has a report too', () => {
    writeSyntheticRun(dir, 'begun');
    fs.rmSync(runPaths(dir).journal);
    expect(fs.readFileSync(writeReport(dir), 'utf8')).toContain('It has just begun.');
  });

  test('a folder that is no run is refused', () => {
    expect(() => writeReport(join(dir, 'nothing'))).toThrow(/is not a run/);
  });

  test('damaged histograms are named', () => {
    writeSyntheticRun(dir, 'searching');
    fs.writeFileSync(runPaths(dir).histograms, '[{"layer":"a"}]');
    expect(() => writeReport(dir)).toThrow(/histograms\.json is damaged: .*delete it/);
  });

  test('the front of an unfinished run is non-dominated in loss and energy', () => {
    writeSyntheticRun(dir, 'searching');
    const data = gather(dir);
    const front = frontOf(data);
    expect(front.length).toBeGreaterThan(2);
    for (const point of front) {
      const beaten = data.candidates.some(
        ({ loss, energyMj }) =>
          loss <= point.loss &&
          energyMj <= point.energyMj &&
          (loss < point.loss || energyMj < point.energyMj),
      );
      expect(beaten).toBe(false);
    }
  });
});

describe('the page of a search for other objectives', () => {
  const text = () => reportHtml(gather(dir)).replace(/[\u202f\u00a0]/g, ' ');

  test('two of them span the plane, and every caption names them', () => {
    writeSyntheticRun(dir, 'searching', 1, 2);
    searchedInstead(dir, ['error', 'areaMm2']);
    const page = text();
    expect(page).toContain('<h2>Error against area</h2>');
    expect(page).toContain('the line joins those that nothing beats in both error and area');
    expect(page).toContain('area of the arithmetic, mm²');
    expect(page).toMatch(/% error in the supernet at 1\.\d+ mm²/);
    expect(page).toContain('and the lowest error so far');
    expect(page).toContain(
      'below guessing and the limit on area (without one, the dearest network of the first generation) that the front of error and area dominates',
    );
    const data = gather(dir);
    const point = ({ accuracy, areaMm2 = 0 }: NetworkScores) => [1 - accuracy, areaMm2];
    const expected = data.candidates.filter(
      (one) =>
        !data.candidates.some(
          (other) =>
            point(other).every((value, k) => value <= point(one)[k]) &&
            point(other).some((value, k) => value < point(one)[k]),
        ),
    );
    const words = (some: readonly { readonly genotype: string }[]) =>
      some.map(({ genotype }) => genotype).sort();
    expect(words(frontOf(data))).toEqual(words(expected));
  });

  test('of three the first two are drawn, which is said; no line joins a front that lies in no plane', () => {
    writeSyntheticRun(dir, 'searching');
    searchedInstead(dir, ['loss', 'latencyMs', 'areaMm2']);
    const page = text();
    expect(page).toContain('<h2>Accuracy against latency</h2>');
    expect(page).toContain(
      'nothing beats in loss, latency and area together, of which the figure shows the first two, loss and latency',
    );
    expect(page).not.toContain('<path class="front"');
    expect(page).toContain('the front of loss, latency and area dominates');
  });

  test('costs alone, and one score alone', () => {
    writeSyntheticRun(dir, 'searching');
    searchedInstead(dir, ['params', 'areaMm2']);
    expect(text()).toContain('Scatter plot of parameters against area');
    expect(text()).not.toContain('below guessing');
    searchedInstead(dir, ['error']);
    expect(text()).toContain('Scatter plot of error against energy');
    expect(text()).toContain('the outlined one has the best error');
  });

  test('a journal that names no objectives is one of loss and energy', () => {
    writeSyntheticRun(dir, 'searching');
    expect(fs.readFileSync(runPaths(dir).journal, 'utf8')).not.toContain('objectives');
    expect(text()).toContain('nothing beats in both loss and energy');
    expect(text()).toContain('<dt>made small</dt><dd>loss and energy</dd>');
  });
});

describe('the page of a run on sentence pairs', () => {
  const page = () =>
    reportHtml(gather(dir))
      .replace(/[\u202f\u00a0]/g, ' ')
      .replaceAll('\u2011', '-');
  const figureOf = (html: string, id: string) =>
    new RegExp(`<figure id="${id}">.*?</figure>`, 's').exec(html)?.[0] ?? '';

  test('speaks of sentences and BLEU, compares with attention everywhere, and never names images', () => {
    writeSyntheticTranslation(dir);
    const html = page();
    expect(html).toContain(
      '<h1>23.4 BLEU on multi30k, en-de, at 78 % of the energy of attention everywhere</h1>',
    );
    expect(html).toContain('<dt>BLEU</dt><dd>23.44</dd><dd class="detail">−0.7 points against all-attention');
    expect(html).toContain('<dt>chrF</dt><dd>50.44</dd>');
    expect(html).toContain('<dt>energy of one sentence of 24 subwords</dt><dd>78.0 mJ</dd>');
    expect(html).toContain('<th scope="col">chrF</th><th scope="col">held-out BLEU</th>');
    expect(html).toContain('<td>23.44</td><td>50.44</td><td>23.94</td>');
    expect(html).not.toMatch(/\bimages?\b|all-conv\b|convolution network|undefined|NaN/);
  });

  test('draws trained networks by BLEU and candidates by loss, each in a figure of its own', () => {
    writeSyntheticTranslation(dir);
    const html = page();
    const [trained, candidates] = [figureOf(html, 'scatter'), figureOf(html, 'candidates')];
    expect(trained).toContain('Scatter plot of BLEU against energy: 0 candidates and 3 retrained networks');
    expect(trained).toContain(`winner (${SYNTHETIC_WINNER}): 23.44 BLEU on the test set at 78.0 mJ`);
    expect(candidates).toContain('Scatter plot of held-out loss against energy: 6 candidates');
    expect(candidates).toContain('candidate 6: loss 3.400 in the supernet at 90.0 mJ');
    expect(candidates).not.toContain('class="network');
  });

  test('draws candidates by BLEU where they have it, with the front and the progress of BLEU', () => {
    writeSyntheticTranslation(dir, { candidateBleu: [3, 1, 4, 1, 5, 2] });
    const html = page();
    const [candidates, search] = [figureOf(html, 'candidates'), figureOf(html, 'search')];
    expect(candidates).toContain('Scatter plot of held-out BLEU against energy: 6 candidates');
    expect(candidates).toContain('candidate 5: 5.00 BLEU in the supernet at 85.0 mJ');
    const front = [...candidates.matchAll(/on the front: candidate (\d)/g)].map(([, i]) => Number(i));
    // Drawn for a wide page and for a phone.
    expect(front).toEqual([1, 3, 5, 1, 3, 5]);
    expect(search).toContain(
      'The held-out BLEU of 6 candidates in the order they were scored; the best is 5.000',
    );
    expect(candidates + search).not.toMatch(/loss/i);
  });

  test('names of networks that all have 0 BLEU lie neither on each other nor on the limit', () => {
    writeSyntheticTranslation(dir, { untrained: true });
    const svgs = figureOf(page(), 'scatter').split('<svg').slice(1);
    expect(svgs).toHaveLength(2);
    for (const svg of svgs) {
      const texts = [
        ...svg.matchAll(/<text (class="limit-text" )?x="([\d.]+)" y="([\d.]+)"([^>]*)>([^<]+)</g),
      ]
        .filter(([, limit, , , , text]) => limit !== undefined || /^(winner|all-)/.test(text))
        .map(([, , x, y, anchor, text]) => {
          const width = textWidth(text, 12);
          const left = anchor.includes('end') ? Number(x) - width : Number(x);
          return { text, left, right: left + width, top: Number(y) - 10, bottom: Number(y) + 2 };
        });
      expect(texts.map(({ text }) => text.split(' ')[0]).sort()).toEqual([
        ...['all-attention', 'all-lightweight-conv', 'limit', 'winner'],
      ]);
      for (const [i, a] of texts.entries()) {
        for (const b of texts.slice(i + 1)) {
          const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          expect(apart, `${a.text} on ${b.text}`).toBe(true);
        }
      }
    }
  });

  test('shows encoder and decoder with their widths, and both halves of a mixed block', () => {
    writeSyntheticTranslation(dir);
    const picture = figureOf(page(), 'winner');
    for (const text of ['>encoder<', '>256 wide<', '>decoder<', '>192 wide<'])
      expect(picture).toContain(text);
    expect(picture).not.toContain('24 × 1');
    const mixed = /<g class="block"[^>]*><title>encoder.layer1: AC, 256 wide.*?<\/g>/s.exec(picture)?.[0];
    expect(mixed).toContain('--c:var(--attention);clip-path:inset(0 50% 0 0%)');
    expect(mixed).toContain('--c:var(--conv);clip-path:inset(0 0% 0 50%)');
  });

  test('knows its task before there is a result, and its reference in whatever order networks end', () => {
    writeSyntheticTranslation(dir, { finished: false });
    const html = page();
    expect(html).toContain('Small figures compare with attention everywhere');
    expect(figureOf(html, 'scatter')).toContain('BLEU against energy');
    expect(html).toContain('<td>78.0 mJ<small>−22 %</small></td>');
    expect(html).not.toMatch(/\bimages?\b/);
  });
});

describe('parts', () => {
  test('no text can leave its element or attribute', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(escapeText(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
    expect(markup`<a title="${'"><'}">${['&', 1 / 3, false, null, markup`<b>`]}</a>`.text).toBe(
      '<a title="&quot;&gt;&lt;">&amp;0.33<b></a>',
    );
  });

  test('a domain covers its values with round, ascending, evenly spaced ticks', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const { low, high, ticks } = domainOf(values);
        const slack = (high - low) * 1e-6;
        expect(Math.min(...values)).toBeGreaterThanOrEqual(low - slack);
        expect(Math.max(...values)).toBeLessThanOrEqual(high + slack);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThan(9);
      }),
    );
    expect(domainOf([0.13, 0.48]).ticks).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(domainOf([]).ticks.length).toBeGreaterThan(1);
    expect(domainOf([5, 5]).ticks.length).toBeGreaterThan(1);
  });

  test('labels at the ends of lines keep their order and their distance', () => {
    const moved = spread([50, 51, 52, 10], 15, [0, 100]);
    const order = [moved[3], moved[0], moved[1], moved[2]];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    for (let i = 1; i < 4; i++) expect(order[i] - order[i - 1]).toBeGreaterThanOrEqual(15);
    expect(spread([98, 99, 100], 15, [0, 100])).toEqual([70, 85, 100]);
  });

  test('labels of close marks do not cover each other', () => {
    const marks = [0, 1, 2, 3].map((i) => ({ x: 200 + 6 * i, y: 100 + 3 * i, text: `network ${i}` }));
    const placed = placeLabels(marks, { left: 0, right: 400, top: 0, bottom: 300 });
    for (const [i, a] of placed.entries()) {
      for (const b of placed.slice(i + 1)) {
        const apart = Math.abs(a.at[1] - b.at[1]) >= 13 || Math.abs(a.at[0] - b.at[0]) >= 55;
        expect(apart, `${a.text} ${b.text}`).toBe(true);
      }
    }
  });

  test('numbers as people read them', () => {
    const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, ' ');
    expect([0.012345, 4.567, 812.3, 0, -3.2].map((value) => significant(value))).toEqual([
      '0.0123',
      '4.57',
      '812',
      '0',
      '−3.20',
    ]);
    expect([940, 12_345, 1_234_567, 4.56e9].map(count).map(plain)).toEqual([
      '940',
      '12.3 k',
      '1.23 M',
      '4.56 G',
    ]);
    expect(plain(percent(0.9174))).toBe('91.7 %');
    expect(plain(millijoule(5.8))).toBe('5.80 mJ');
    expect([change(66, 100), change(110, 100), change(1, 0)].map(plain)).toEqual(['−34 %', '+10 %', '']);
    expect([points(-0.0029), points(0.004), points(-0.0001)].map(plain)).toEqual([
      '−0.3 points',
      '+0.4 points',
      '0.0 points',
    ]);
  });
});

describe('hypervolume', () => {
  const scored = (loss: number, energyMj: number, baseline = false) => ({
    type: 'candidate-scored' as const,
    ...{ genotype: 'x', loss, accuracy: 0, energyMj, latencyMs: 1, params: 1, macs: 1, index: 1, of: 3 },
    ...(baseline ? { baseline: true as const } : {}),
  });
  const started = (baseline = false) => ({
    type: 'search-started' as const,
    ...{ generations: 1, limits: {} },
    ...(baseline ? { baseline: true as const } : {}),
  });
  const ended = (corner: readonly number[]) => ({
    type: 'generation-ended' as const,
    ...{ generation: 1, of: 1, evaluated: 3, feasible: 3, frontSize: 1, corner },
    best: { genotype: 'x', loss: 1, accuracy: 0, energyMj: 1, latencyMs: 1, params: 1, macs: 1 },
  });
  const journal = (...events: RunEvent[]) => events.map((event) => ({ event, at: '' }));
  const main = [started(), scored(1, 3), scored(3, 3.5), scored(1, 1), ended([2, 4])] as const;

  test('is what a hand count gives, after each candidate', () => {
    // The box is 2 x 4 = 8: (1, 3) dominates 1 x 1, (3, 3.5) nothing in it, (1, 1) dominates 1 x 3.
    expect(hypervolumes(journal(...main))).toEqual({
      ...{ objectives: ['loss', 'energyMj'], search: [1 / 8, 1 / 8, 3 / 8], random: [] },
    });
  });

  test('of random searches has the corner of the search itself, and the median is told', () => {
    const beside = (energyMj: number) => [started(true), scored(1, energyMj, true), ended([9, 9])];
    const found = hypervolumes(journal(...main, ...beside(3), ...beside(2), ...beside(3.5)));
    expect(found?.random).toEqual([[1 / 8], [2 / 8], [0.5 / 8]]);
    expect(volumeCaption(found!)).toContain('the median of 3 random searches');
    expect(volumeCaption(found!)).toContain(
      'after 1 of their 1 candidates. It was below at 0 of 1 candidates',
    );
  });

  test('in three objectives is the volume that each candidate adds', () => {
    const objectives = ['loss', 'energyMj', 'latencyMs'] as const;
    const events = [
      { ...started(), objectives },
      scored(1, 3),
      scored(3, 3.5),
      scored(1, 1),
      ended([2, 4, 4]),
    ];
    // All have a latency of 1: of the box of 2 x 4 x 4 the areas counted above, 3 high.
    const { search } = hypervolumes(journal(...events))!;
    expect(search).toEqual([3 / 32, 3 / 32, 9 / 32]);
  });

  test('is left out before a generation has ended, and of journals that do not say the corner', () => {
    expect(hypervolumes(journal(...main.slice(0, 4)))).toBeUndefined();
    const { corner: _, ...old } = ended([2, 4]);
    expect(hypervolumes(journal(...main.slice(0, 4), old))).toBeUndefined();
  });

  test('has a figure, and what random searches score is in no other', () => {
    writeSyntheticRun(dir, 'searching', 1, 10);
    const page = reportHtml(gather(dir));
    expect(page).toContain('id="hypervolume"');
    expect(page).toContain('the median of 10 random searches');
    expect(gather(dir).candidates).toHaveLength(600);
    expect(page).toContain('The held-out loss of 600 candidates in the order they were scored');
  });
});
