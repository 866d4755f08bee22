/** The documents say what the tables say, and the checker of the examples can tell right from wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../src/cli/all-commands.ts';
import { IMAGE_SOURCES } from '../src/data/open.ts';
import { ACCELERATORS } from '../src/hardware/index.ts';
import { PRESETS } from '../src/runs/presets.ts';
import { anySpaceNames } from '../src/spaces/load.ts';
import { cliDocument, documentPath } from './docs-cli.mjs';
import { examplesOf, matches } from './readme-examples.mjs';
import { root } from './setup.mjs';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('docs/cli.md is what the option tables say (else run: node scripts/docs-cli.mjs)', () => {
  const text = cliDocument({
    commands: COMMANDS,
    presets: PRESETS,
    sources: IMAGE_SOURCES,
    accelerators: ACCELERATORS,
    spaces: anySpaceNames(),
  });
  expect(readFileSync(documentPath, 'utf8')).toBe(text);
});

test('README names every command and every data source', () => {
  const missing = [
    ...COMMANDS.map(({ name }) => `shiftaddnas ${name}`),
    ...IMAGE_SOURCES.map(({ name }) => `\`${name}`),
  ].filter((word) => !readme.includes(word));
  expect(missing).toEqual([]);
});

test('links between the documents lead to files that exist', () => {
  for (const [, target] of readme.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
    expect(() => readFileSync(join(root, target)), target).not.toThrow();
  }
});

test('examples are the blocks marked to be run, with the output that follows them', () => {
  const text = 'a\n```sh\nno\n```\n```sh run\nls\n```\n\n```text output\nx\n```\n```ts run\n1;\n```\n';
  expect(examplesOf(text)).toEqual([
    { kind: 'sh', line: 5, text: 'ls\n', expected: 'x\n' },
    { kind: 'ts', line: 12, text: '1;\n' },
  ]);
  expect(() => examplesOf('```text output\nx\n```\n')).toThrow('line 1');
});

test('an output matches itself, and a line of dots any lines', () => {
  expect(matches('a (1.0)\nb  \n', 'a (1.0)\nb\n')).toBe(true);
  expect(matches('a\n...\nd\n', 'a\nb\nc\nd\n')).toBe(true);
  expect(matches('a.0\n', 'ax0\n')).toBe(false);
  expect(matches('a\n...\n', 'b\na\n')).toBe(false);
});
