import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { cacheFolder, fetchSet } from './download.ts';
import { openDataset } from './open.ts';
import type { RemoteSet } from './remote.ts';
import { tarEntries } from './tar.ts';

function tar(files: Record<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, contents] of Object.entries(files)) {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${contents.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('ustar\x0000', 257);
    header[156] = 0x30;
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    parts.push(header, contents, Buffer.alloc((512 - (contents.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

const archive = gzipSync(
  tar({ 'set/one.bin': Buffer.from('first'), 'set/two.bin': Buffer.alloc(700, 7), 'set/x': Buffer.of(1) }),
);
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

let server: Server;
let base: string;
let requests: string[] = [];
let cache: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url === '/whole') response.end(archive);
    else if (request.url === '/broken') {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 20), () => response.destroy());
    } else response.writeHead(404).end('not here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(async () => {
  requests = [];
  cache = await mkdtemp(join(tmpdir(), 'cache-'));
  return () => rm(cache, { recursive: true, force: true });
});

const set = (paths: string[], hex = md5(archive), members = ['one.bin', 'two.bin']): RemoteSet => ({
  name: 'toy',
  files: [
    {
      name: 'toy.tar.gz',
      urls: paths.map((path) => base + path),
      digest: { algorithm: 'md5', hex },
      members,
    },
  ],
});

test('downloads, checks, unpacks, and uses the cache the next time', async () => {
  const told: string[] = [];
  const folder = await fetchSet(set(['/gone', '/whole']), cache, (message) => told.push(message));
  expect(folder).toBe(join(cache, 'toy'));
  expect((await readdir(folder)).sort()).toEqual(['one.bin', 'two.bin']);
  expect(await readFile(join(folder, 'one.bin'), 'utf8')).toBe('first');
  expect((await readFile(join(folder, 'two.bin'))).equals(Buffer.alloc(700, 7))).toBe(true);
  expect(told.some((message) => message.startsWith('toy.tar.gz: '))).toBe(true);
  expect(requests).toEqual(['/gone', '/whole']);
  await fetchSet(set(['/whole']), cache);
  expect(requests).toHaveLength(2);
});

test.each([
  ['an address that answers 404', ['/gone'], undefined, /HTTP status 404.*download it yourself/],
  ['a connection that breaks', ['/broken'], undefined, /the connection broke after/],
  ['another checksum', ['/whole'], 'f'.repeat(32), /expected md5 f{32}, but got [0-9a-f]{32}/],
] as [string, string[], string | undefined, RegExp][])(
  'refuses %s and leaves nothing behind',
  async (_, paths, hex, sentence) => {
    const error = await fetchSet(set(paths, hex), cache).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'data' });
    expect(error.message).toMatch(sentence);
    expect(await readdir(join(cache, 'toy'))).toEqual([]);
  },
);

test('names an archive without the wanted files', async () => {
  await expect(fetchSet(set(['/whole'], undefined, ['three.bin']), cache)).rejects.toThrow(
    /lacks three\.bin/,
  );
});

test('says that the cache cannot be written', async () => {
  const blocked = join(await fetchSet(set(['/whole']), cache), 'one.bin');
  await expect(fetchSet(set(['/whole']), blocked)).rejects.toMatchObject({ code: 'disk' });
});

test('a published name without a folder opens what the cache holds', async () => {
  expect(cacheFolder({ SHIFTADDNAS_CACHE: '/somewhere' })).toBe('/somewhere');
  expect(cacheFolder({})).toMatch(/shiftaddnas$/);
  const record = Buffer.alloc(3074, 1);
  const source: RemoteSet = {
    name: 'cifar100',
    files: set(['/whole']).files,
  };
  const folder = await fetchSet(source, cache);
  const { writeFile } = await import('node:fs/promises');
  for (const name of ['train.bin', 'test.bin']) await writeFile(join(folder, name), record);
  vi.stubEnv('SHIFTADDNAS_CACHE', cache);
  try {
    expect((await openDataset('cifar100:')).train.count).toBe(1);
  } finally {
    vi.unstubAllEnvs();
  }
});

test('tar: entries however the bytes are parted; a damaged header and a cut-off archive are refused', async () => {
  const whole = tar({ a: Buffer.alloc(600, 1), b: Buffer.from('second') });
  const read = async (bytes: Buffer, step: number) => {
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
    }
    const found: [string, number, string][] = [];
    for await (const { name, size, contents } of tarEntries(chunks(), 'a.tar')) {
      const parts: Uint8Array[] = [];
      // the contents of a are not read: they are skipped
      if (name === 'b') for await (const part of contents) parts.push(part);
      found.push([name, size, Buffer.concat(parts).toString()]);
    }
    return found;
  };
  for (const step of [1, 100, 512, 100000]) {
    expect(await read(whole, step)).toEqual([
      ['a', 600, ''],
      ['b', 6, 'second'],
    ]);
  }
  const damaged = Buffer.from(whole);
  damaged[0] ^= 1;
  await expect(read(damaged, 512)).rejects.toThrow(/a\.tar: expected a tar header at byte 0/);
  await expect(read(whole.subarray(0, 700), 512)).rejects.toThrow(
    /a\.tar is cut off.*ends at byte 1112.*holds 700/,
  );
});

test('a set of several archives takes from each what it names, and fetches only what is missing', async () => {
  const [file] = set(['/whole']).files;
  const source: RemoteSet = {
    name: 'several',
    files: [
      { ...file, name: 'first.tgz', members: ['one.bin'] },
      { ...file, name: 'second.tgz', members: ['two.bin', 'x'] },
    ],
  };
  const folder = await fetchSet(source, cache);
  expect((await readdir(folder)).sort()).toEqual(['one.bin', 'two.bin', 'x']);
  expect(requests).toHaveLength(2);
  await rm(join(folder, 'x'));
  await fetchSet(source, cache);
  expect(requests).toHaveLength(3);
});
