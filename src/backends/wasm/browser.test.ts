/**
 * The Wasm backend in a page of headless Chromium, from the compiled files in dist. Skipped where there is no
 * Chromium or dist is not built; SHIFTADDNAS_CHROMIUM names another one.
 */
import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const executablePath = process.env.SHIFTADDNAS_CHROMIUM ?? '/usr/bin/chromium';
const present = fs.existsSync(executablePath) && fs.existsSync(new URL('dist/backends/wasm/wasm.js', root));

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Runs in the page. Plain text, for nothing here may refer to this file. */
const PROGRAM = `(async () => {
  const { createWasm } = await import('/dist/backends/wasm/wasm.js');
  const backend = await createWasm();
  const size = 128, [a, b, y] = [0, 1, 2].map(() => backend.allocate(size * size));
  const shape = { batch: 1, m: size, n: size, k: size, transposeA: false, transposeB: false, alpha: 1, accumulate: false };
  backend.fill(a, 0.5);
  backend.write(b, Float32Array.from({ length: size * size }, (_, i) => i % size));
  // Workers come up while the page is idle; the first launch starts them.
  const rows = [];
  for (let i = 0; i < 20; i++) {
    backend.fill(y, 0);
    backend.matmul(a, b, y, shape);
    const values = await backend.read(y);
    rows.push(values.every((value, j) => value === (size / 2) * (j % size)));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { threads } = backend;
  backend.dispose();
  return { threads, isolated: crossOriginIsolated, right: rows.every((row) => row) };
})()`;

describe.skipIf(!present)('wasm in headless Chromium (needs it, and dist)', () => {
  let browser: Browser;
  let server: Server;
  let address: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      const headers = path === '/plain' ? {} : ISOLATION;
      if (path === '/plain' || path === '/isolated') {
        response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end('<!doctype html>');
        return;
      }
      try {
        const type = TYPES[extname(path)] ?? 'text/plain';
        const data = fs.readFileSync(fileURLToPath(new URL(path.slice(1), root)));
        response.writeHead(200, { ...headers, 'Content-Type': type }).end(data);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath, args });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test.each(['plain', 'isolated'])('a matrix product in a page that is %s', async (page) => {
    const tab = await browser.newPage();
    try {
      await tab.goto(`${address}/${page}`);
      const { threads, isolated, right } = await tab.evaluate<{
        threads: number;
        isolated: boolean;
        right: boolean;
      }>(PROGRAM);
      expect(isolated).toBe(page === 'isolated');
      if (page === 'plain') expect(threads).toBe(1);
      expect(right).toBe(true);
    } finally {
      await tab.close();
    }
  });
});
