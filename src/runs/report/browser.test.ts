/**
 * Looks at the report as a reader does: headless Chromium, a wide page and a phone, light and dark. Skipped where
 * there is no Chromium; SHIFTADDNAS_CHROMIUM names another one, SHIFTADDNAS_SCREENSHOTS a folder for pictures.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Objective } from '../../core/events.ts';
import { architecture } from './architecture.ts';
import { figure } from './plot.ts';
import { writeReport } from './report.ts';
import { STYLE } from './style.ts';
import { searchedInstead } from './synthetic-objectives.ts';
import { type Progress, writeSyntheticRun } from './synthetic-run.ts';
import { IMAGES } from './task.ts';

const executablePath = process.env.SHIFTADDNAS_CHROMIUM ?? '/usr/bin/chromium';
const present = fs.existsSync(executablePath);
if (!present) console.warn(`report in a browser: skipped, there is no Chromium at ${executablePath}`);

/** What is wrong with the page's layout, seen from inside it. Plain text: it runs in the browser. */
const FAULTS = `(() => {
  const faults = [];
  const visible = (element) => element.getClientRects().length > 0;
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) faults.push('the page is wider than its window');
  for (const element of document.querySelectorAll('main *')) {
    if (element.closest('.scroll, svg') || element.querySelector('.scroll') || !visible(element)) continue;
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
      faults.push(element.tagName + '.' + element.className + ' overflows: ' + element.textContent.slice(0, 40));
  }
  for (const svg of [...document.querySelectorAll('svg')].filter(visible)) {
    const frame = svg.getBoundingClientRect();
    if (frame.width < 60 || frame.height < 60) faults.push('a figure of ' + frame.width + ' x ' + frame.height);
    const texts = [...svg.querySelectorAll('text')].map((text) => [text, text.getBoundingClientRect()]);
    for (const [text, box] of texts) {
      if (box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 2 || box.bottom > frame.bottom + 4)
        faults.push('text outside its figure: ' + text.textContent);
    }
    texts.forEach(([a, one], i) => {
      for (const [b, other] of texts.slice(i + 1)) {
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (wide > 2 && high > 4) faults.push('texts collide: ' + a.textContent + ' / ' + b.textContent);
      }
    });
  }
  return faults;
})()`;

const FIGURES: Readonly<Record<Progress, readonly string[]>> = {
  begun: ['loss', 'accuracy', 'run'],
  searching: ['scatter', 'loss', 'accuracy', 'search', 'hypervolume', 'weights', 'run'],
  finished: [
    'scatter',
    'winner',
    'networks',
    'families',
    'levels',
    'loss',
    'accuracy',
    'search',
    'hypervolume',
    'rank',
    'weights',
    'run',
  ],
};

describe.skipIf(!present)('report in headless Chromium', () => {
  let browser: Browser;
  let dir: string;
  beforeAll(async () => {
    dir = fs.mkdtempSync(join(tmpdir(), 'report-'));
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'];
    args.push('--disable-background-networking', '--disable-component-update', '--disable-sync');
    browser = await chromium.launch({ executablePath, args });
  });
  afterAll(async () => {
    await browser?.close();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  test.each([
    ['finished', 1280, 'light'],
    ['finished', 360, 'dark'],
    ['searching', 800, 'dark'],
    ['begun', 360, 'light'],
    ['finished', 1280, 'dark', ['error', 'areaMm2']],
    ['finished', 360, 'light', ['latencyMs', 'loss', 'areaMm2']],
  ] as const)(
    '%s, %i px, %s: all figures, nothing overflows, no network, no errors',
    async (progress, width, colorScheme, objectives?: readonly Objective[]) => {
      const run = join(dir, [progress, width, colorScheme, ...(objectives ?? [])].join('-'));
      writeSyntheticRun(run, progress, 1, 10);
      if (objectives !== undefined) searchedInstead(run, objectives);
      const report = pathToFileURL(writeReport(run)).href;
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const [requests, complaints]: [string[], string[]] = [[], []];
      page.on('request', (request) => requests.push(request.url()));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('dialog', (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      try {
        await page.goto(report);
        const shots = process.env.SHIFTADDNAS_SCREENSHOTS;
        if (shots) {
          await page.screenshot({
            path: join(shots, `${basename(run)}.png`),
            fullPage: true,
          });
        }
        expect(requests.filter((url) => url !== report && !url.startsWith('data:'))).toEqual([]);
        expect(complaints).toEqual([]);
        expect(await page.evaluate(FAULTS)).toEqual([]);
        for (const id of FIGURES[progress]) {
          const box = await page.locator(`#${id}`).boundingBox();
          expect(box?.height ?? 0, id).toBeGreaterThan(100);
        }
        expect(await page.locator('figure, section').count()).toBe(FIGURES[progress].length);
      } finally {
        await page.close();
      }
    },
  );

  test.each([
    ['four stages of 4', [4, 4, 4, 4], 224],
    ['lonely first stages', [1, 1, 5, 9], 224],
    ['a very deep network', [9, 9, 9, 9], 224],
    ['a tiny network', [1, 1], 8],
  ] as const)('the picture of %s fits', async (_, lengths, side) => {
    const box = (
      operator: string,
      stage: number | null,
      scale: number,
      channels: number,
      energyMj: number,
    ) => {
      const [height, width] = [Math.max(1, side / scale), Math.max(1, side / scale)];
      return { name: operator, operator, stage, height, width, channels, energyMj, latencyMs: 1 };
    };
    const searched = lengths.flatMap((length, stage) =>
      Array.from({ length }, (_, i) =>
        box(
          ['attention', 'conv', 'add', 'shift'][(i + stage) % 4],
          stage,
          4 << stage,
          128 << stage,
          12.345 / (i + 1),
        ),
      ),
    );
    const blocks = [box('stem', null, 4, 64, 5), ...searched, box('head', null, side, 1000, 1e-4)];
    for (const width of [1280, 360]) {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      const text = { id: 'winner', title: 'The winner', caption: '' };
      const drawn = figure(text, (size) => architecture({ blocks, energyMj: 80 }, IMAGES, size)).text;
      await page.setContent(
        `<meta name="viewport" content="width=device-width"><style>${STYLE}</style><main>${drawn}</main>`,
      );
      const shots = process.env.SHIFTADDNAS_SCREENSHOTS;
      if (shots)
        await page.screenshot({
          path: join(shots, `picture-${lengths.join('-')}-${width}.png`),
          fullPage: true,
        });
      expect(await page.evaluate(FAULTS)).toEqual([]);
      await page.close();
    }
  });
});
