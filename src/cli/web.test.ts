/**
 * `export --to web` in headless Chromium: the page opens from the disk, asks the network for nothing, and says of a picture
 * what `predict` says of it. Skipped where there is no Chromium (SHIFTADDNAS_CHROMIUM names another one) or no sharp.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Random } from '../core/random.ts';
import { openDataset } from '../data/open.ts';
import { encodePng } from '../data/png.ts';
import { type IntegerProgram, interpret, writeWeb } from '../deploy/index.ts';
import { ProgramBuilder } from '../deploy/integer/builder.ts';
import type { MapShape, Value } from '../deploy/integer/program.ts';
import { randomImages, randomProgram, SMALL } from '../deploy/integer/testing/random-program.ts';
import { json } from './testing/in-process.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const executablePath = process.env.SHIFTADDNAS_CHROMIUM ?? '/usr/bin/chromium';
const sharp = await import('sharp').then(
  (module) => module.default,
  () => undefined,
);
const present = fs.existsSync(executablePath) && sharp !== undefined;
if (!present) {
  const without =
    sharp === undefined ? 'sharp is not installed' : `there is no Chromium at ${executablePath}`;
  console.warn(`the exported page in a browser: skipped, ${without}`);
}

/** A convolution as large as its map; drawn programs have logits of 16 bits. */
function ofEightBits(): IntegerProgram {
  const build = new ProgramBuilder([5, 4, 3]);
  const random = Random.fromSeed('weights');
  const value = (shape: MapShape): Value => ({ shape, bits: 8, zero: 3, low: -128, high: 127, step: 0.1 });
  const half = Array(3).fill({ multiplier: 1, addend: 0, shift: 1 });
  build.add(
    { kind: 'rescale', name: 'image', x: 0, requantise: build.multiply('image', half) },
    value([5, 4, 3]),
  );
  const weights = Array.from({ length: 4 * 5 * 4 * 3 }, () => random.integer(255) - 127);
  const weight = build.tensor('head', 'int8', [4, 5, 4, 3], weights);
  const requantise = build.multiply('head', Array(4).fill({ multiplier: 1, addend: 512, shift: 9 }));
  const window = { r: 5, s: 4, stride: 1, pad: 0, groups: 1 };
  const head = {
    kind: 'window',
    arithmetic: 'conv',
    name: 'head',
    x: 1,
    window,
    weight,
    requantise,
  } as const;
  build.add(head, value([1, 1, 4]));
  return build.program('drawn', ['a', 'b', 'c', 'd']);
}

describe.skipIf(!present)(
  'a page of a trained network (needs Chromium and the optional package sharp)',
  () => {
    let folder: string;
    let browser: Browser;
    const at = (...parts: string[]) => join(folder, ...parts);

    let exported: { readonly proved: number; readonly counts: Readonly<Record<string, number>> };
    /** Pictures of the test set and what was made of them: of the network's own size, and of others. */
    const pictures: string[] = [];

    beforeAll(async () => {
      folder = fs.mkdtempSync(join(tmpdir(), 'web-'));
      const data = writeTinyIdx(at('data'));
      const training = ['--data', data, '--preset', 'smoke', ...QUICK, '--epochs', '4', '--out', at('run')];
      await json('train', '--network', 'all-add', ...training);
      exported = await json('export', at('run'), '--to', 'web', '--images', '20');
      const { test: images } = await openDataset(data, { seed: 0 });
      const { height, width, channels } = images;
      const size = height * width * channels;
      for (const i of [0, 3, 7, 8]) {
        const pixels = images.pixels.slice(i * size, (i + 1) * size);
        pictures.push(at(`own-${i}.png`));
        fs.writeFileSync(at(`own-${i}.png`), encodePng({ height, width, channels, pixels }));
      }
      const [first, second, third] = pictures;
      const resized = async (from: string, w: number, h: number, to: string) => {
        await sharp!(from).resize(w, h, { fit: 'fill' }).toColourspace('srgb').png().toFile(at(to));
        pictures.push(at(to));
      };
      await resized(first, 200, 150, 'wide.png');
      await resized(second, 61, 120, 'tall.png');
      await resized(third, 9, 11, 'tiny.png');
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      browser = await chromium.launch({ executablePath, args });
    });
    afterAll(async () => {
      await browser?.close();
      fs.rmSync(folder, { recursive: true, force: true });
    });

    const web = () => at('run', 'export', 'web');

    async function open(dir = web(), options: Parameters<Browser['newPage']>[0] = {}) {
      const page = await browser.newPage(options);
      const [requests, faults]: [string[], string[]] = [[], []];
      page.on('request', (request) => requests.push(request.url()));
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => faults.push(message.text()));
      await page.goto(pathToFileURL(join(dir, 'index.html')).href);
      await page.locator('body[data-ready], #fault:not([hidden])').first().waitFor();
      return { page, requests, faults };
    }

    const text = (page: Page, id: string) => page.textContent(`#${id}`);
    const fileOf = (path: string) => path.slice(folder.length + 1);

    /** Label, and logits in the order of classes, once the page has answered `what`. */
    async function answer(page: Page, what: string) {
      await page.locator('#asked', { hasText: `${what} shows` }).waitFor();
      const rows = (await page.evaluate(
        `Array.from(document.querySelectorAll('#scores li'), (row) => [Number(row.dataset.class), Number(row.dataset.logit)])`,
      )) as [number, number][];
      const stored = rows.sort(([a], [b]) => a - b).map(([, logit]) => logit);
      return { label: await text(page, 'label'), stored };
    }

    test('files of any size have the label and the logits of predict', async () => {
      const { predictions } = await json('predict', '--run', web(), ...pictures);
      const { page } = await open();
      const labels = new Set<string>();
      for (const [i, path] of pictures.entries()) {
        await page.setInputFiles('#file', path);
        const { label, stored } = predictions[i];
        expect(await answer(page, fileOf(path))).toEqual({ label, stored });
        labels.add(label);
      }
      expect(labels.size).toBeGreaterThan(1);
      expect(Number(await text(page, 'time'))).toBeGreaterThan(0);
      await page.close();
    });

    test('dropped files and pen strokes count as pictures do', async () => {
      const { page } = await open();
      const bytes = fs.readFileSync(pictures[1]).toString('base64');
      await page.evaluate(`(() => {
      const bytes = Uint8Array.from(atob('${bytes}'), (one) => one.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }));
      document.getElementById('stage').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
    })()`);
      const dropped = await answer(page, 'dropped.png');
      const box = (await page.locator('#paper').boundingBox())!;
      const to = (x: number, y: number) => page.mouse.move(box.x + x * box.width, box.y + y * box.height);
      await to(0.3, 0.2);
      await page.mouse.down();
      for (const [x, y] of [
        [0.7, 0.2],
        [0.5, 0.8],
      ])
        await to(x, y);
      await page.mouse.up();
      await answer(page, 'The drawing');
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      const drawn = await answer(page, 'The drawing');
      const url = (await page.evaluate(`document.getElementById('paper').toDataURL('image/png')`)) as string;
      fs.writeFileSync(at('drawn.png'), Buffer.from(url.split(',')[1], 'base64'));
      const { predictions } = await json('predict', '--run', web(), pictures[1], at('drawn.png'));
      const said = predictions.map(({ label, stored }: { label: string; stored: number[] }) => ({
        label,
        stored,
      }));
      expect([dropped, drawn]).toEqual(said);
      await page.click('#clear');
      expect(await text(page, 'asked')).toBe('No picture yet');
      await page.close();
    });

    test.each([
      [1200, 'light'],
      [360, 'dark'],
    ] as const)(
      '%i px, %s: no requests, no complaints, nothing overflows; work as export counted it',
      async (width, colorScheme) => {
        const { page, requests, faults } = await open(web(), {
          viewport: { width, height: 800 },
          colorScheme,
        });
        await page.setInputFiles('#file', pictures[0]);
        await answer(page, fileOf(pictures[0]));
        await page.evaluate(`document.querySelector('details').open = true`);
        expect(requests.filter((url) => !/^(data|blob):/.test(url))).toEqual([
          pathToFileURL(join(web(), 'index.html')).href,
        ]);
        expect(faults).toEqual([]);
        expect(exported.proved).toBe(20);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        for (const [kind, count] of Object.entries(exported.counts)) {
          const column = `Array.from(document.querySelectorAll('#layers tr'), (row) => row.cells[${{ multiplications: 3, additions: 4, shifts: 5 }[kind]}].textContent)`;
          const shown = (await page.evaluate(column)) as string[];
          expect(
            shown.reduce((sum, cell) => sum + Number(cell.replaceAll(',', '')), 0),
            kind,
          ).toBe(count);
        }
        await page.close();
      },
    );

    test('a file that is no picture is refused in a sentence, and the next one is read', async () => {
      fs.writeFileSync(at('words.txt'), 'no picture');
      const { page } = await open();
      await page.setInputFiles('#file', at('words.txt'));
      await page.locator('#fault').waitFor();
      expect(await text(page, 'fault')).toMatch(/words.txt is no picture that this browser can read/);
      await page.setInputFiles('#file', pictures[0]);
      await answer(page, fileOf(pictures[0]));
      expect(await page.isVisible('#fault')).toBe(false);
      await page.close();
    });

    test.each(['program', 'interpreter'])('a page whose %s is damaged says so', async (part) => {
      const html = fs.readFileSync(join(web(), 'index.html'), 'utf8');
      const from = html.indexOf(`id="${part}">`) + 400;
      const other = html[from] === 'A' ? 'B' : 'A';
      fs.mkdirSync(at(part));
      fs.writeFileSync(at(part, 'index.html'), html.slice(0, from) + other + html.slice(from + 1));
      const { page } = await open(at(part));
      expect(await text(page, 'fault')).toMatch(
        new RegExp(`This page is damaged: its ${part} cannot be read`),
      );
      await page.close();
    });

    test.each([8, 16])('three channels, logits of %i bits: the numbers of the reference', async (bits) => {
      const program = bits === 16 ? randomProgram(5, SMALL) : ofEightBits();
      expect(program.values.at(-1)!.bits).toBe(bits);
      const dir = at(`drawn-${bits}`);
      fs.mkdirSync(dir);
      for (const [name, content] of writeWeb(program)) fs.writeFileSync(join(dir, name), content);
      const [height, width, channels] = program.values[0].shape;
      const images = randomImages(program, 0, 4);
      const size = images.length / 4;
      const { page } = await open(dir);
      for (const i of [2, 3]) {
        const pixels = images.slice(i * size, (i + 1) * size);
        fs.writeFileSync(at(`${bits}-${i}.png`), encodePng({ height, width, channels, pixels }));
        await page.setInputFiles('#file', at(`${bits}-${i}.png`));
        const { stored } = await answer(page, `${bits}-${i}.png`);
        expect(stored).toEqual([...interpret(program, pixels)]);
      }
      await page.close();
    });
  },
);
