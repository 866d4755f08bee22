/**
 * The page of examples/browser in headless Chromium: it trains, the loss falls, digits are read. On WebAssembly, and on
 * WebGPU through SwiftShader. Skipped where there is no Chromium or dist is not built; SHIFTADDNAS_CHROMIUM names another one.
 */
import fs from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pageServer } from '../examples/browser/serve.mjs';

vi.setConfig({ testTimeout: 240_000 });

const executablePath = process.env.SHIFTADDNAS_CHROMIUM ?? '/usr/bin/chromium';
const built = fs.existsSync(new URL('../dist/supernet/network.js', import.meta.url));
const present = built && fs.existsSync(executablePath);

/** By the time that a busy machine asks for it, the loss on the page may be a later one. */
const KEEP_FIRST_LOSS = `addEventListener('DOMContentLoaded', () => {
  const loss = document.getElementById('loss');
  const keep = () => { window.firstLoss ??= loss.textContent || undefined; };
  new MutationObserver(keep).observe(loss, { childList: true, characterData: true, subtree: true });
});`;

describe.skipIf(!present)('the browser example (needs Chromium, and dist)', () => {
  let browser: Browser;
  let server: Server;
  beforeAll(async () => {
    server = pageServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // Programs never read what they have not written; SwiftShader takes long to clear it.
    const clear = '--enable-dawn-features=disable_workgroup_init';
    const gpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', clear];
    const args = process.getuid?.() === 0 ? ['--no-sandbox', ...gpu] : gpu;
    browser = await chromium.launch({ executablePath, args });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(query: string): Promise<Page> {
    const page = await browser.newPage();
    page.setDefaultTimeout(180_000);
    page.on('pageerror', (error) => console.error(error));
    await page.addInitScript(KEEP_FIRST_LOSS);
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/examples/browser/index.html?${query}`);
    return page;
  }
  const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
  const until = (page: Page, condition: string) => page.waitForFunction(condition);
  const shown = (id: string) => `Number(document.getElementById('${id}').textContent)`;

  test.each([
    ['wasm', 'backend=wasm', 0.8],
    ['webgpu', 'backend=webgpu&device=0&batch=16', 0.25],
  ])('%s: the loss falls', async (name, query, fall) => {
    const page = await open(query);
    await until(page, `document.getElementById('loss').textContent !== ''`);
    const first = Number(await page.evaluate('firstLoss'));
    expect(first).toBeGreaterThan(1.5);
    expect(await text(page, 'backend')).toContain(name);
    await until(page, `${shown('loss')} < ${first - fall}`);
    expect(await text(page, 'note')).toBe('');
    await page.close();
  });

  test('stops and starts, reads digits, and changes its layers', async () => {
    const page = await open('backend=wasm');
    await until(page, `document.querySelectorAll('#digits figure').length === 30`);
    expect(await text(page, 'accuracy')).toMatch(/^\d+ %$/);
    await page.click('#start');
    const step = await text(page, 'step');
    await page.waitForTimeout(300);
    expect(await text(page, 'step')).toBe(step);
    await page.selectOption('#network', '1-1:s|a');
    await page.click('#start');
    await until(page, `${shown('step')} > 0 && ${shown('step')} < ${step}`);
    expect(await text(page, 'note')).toBe('');
    await page.close();
  });

  test('without a GPU it says so and takes WebAssembly', async () => {
    const page = await open('');
    await until(page, `document.getElementById('backend').textContent.startsWith('wasm')`);
    expect(await text(page, 'note')).toMatch(/no GPU was found/);
    await page.close();
  });

  test('serves nothing but what the page needs', async () => {
    const { port } = server.address() as AddressInfo;
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    expect(await status('/native/prebuilt/kernels.wasm')).toBe(200);
    for (const path of ['/package.json', '/src/index.ts', '/dist/../package.json', '/%2e%2e/x.js', '/dist']) {
      expect(await status(path), path).toBe(404);
    }
  });
});
