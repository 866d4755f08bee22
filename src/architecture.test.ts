/**
 * The house keeps its order: a room (a folder under src) imports only from itself and from rooms above it in this
 * list. `version.ts` is above all of them; `index.ts`, the public API, is below.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOMS = [
  'version.ts',
  'core',
  'hardware',
  'data',
  'metrics',
  'backends',
  'autograd',
  'layers',
  'operators',
  'spaces',
  'supernet',
  'zoo',
  'deploy',
  'training',
  'search',
  'runs',
  'study',
  'cluster',
  'bench',
  'cli',
  'index.ts',
];

const root = dirname(fileURLToPath(import.meta.url));

function sources(): string[] {
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts') && (!name.endsWith('.test.ts') || name.includes(sep)));
}

/** `import ... from './x.ts'`, `export ... from './x.ts'`, `import './x.ts'`, `import('./x.ts')`. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"]+)\1/g;

function importsOf(text: string): string[] {
  return [...text.matchAll(SPECIFIER)].map((match) => match[2]);
}

const roomOf = (name: string) => name.split(sep)[0];

test('the pattern finds every way to import a file', () => {
  const text = `import a from './a.ts';\nexport * from "../b.ts";\nimport './c.ts';\nawait import('./d.ts');
import {\n  type E,\n} from '../x/e.ts';\nimport f from 'zod';`;
  expect(importsOf(text)).toEqual(['./a.ts', '../b.ts', './c.ts', './d.ts', '../x/e.ts']);
});

test('every folder of src is a room of the list', () => {
  const unknown = sources()
    .map(roomOf)
    .filter((room) => !ROOMS.includes(room));
  expect([...new Set(unknown)]).toEqual([]);
});

test('a room imports only from itself and from rooms above it', () => {
  const wrong: string[] = [];
  for (const name of sources()) {
    for (const specifier of importsOf(readFileSync(join(root, name), 'utf8'))) {
      const target = relative(root, resolve(root, dirname(name), specifier));
      // What lies outside src (package.json) is nobody's room.
      if (target.startsWith('..')) continue;
      if (ROOMS.indexOf(roomOf(target)) > ROOMS.indexOf(roomOf(name)))
        wrong.push(`${name} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('the table of docs/architecture.md lists the rooms that exist, in this order', () => {
  const table = readFileSync(join(root, '..', 'docs', 'architecture.md'), 'utf8');
  const listed = [...table.matchAll(/^\| `src\/(\w+)\/` /gm)].map((match) => match[1]);
  const present = new Set(sources().map(roomOf));
  expect(listed).toEqual(ROOMS.filter((room) => present.has(room) && !room.endsWith('.ts')));
});
