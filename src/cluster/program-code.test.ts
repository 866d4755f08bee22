/** What counts as other code, and what does not. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashCode, programCode } from './program-code.ts';

let root: string;
const write = (path: string, text: string) => {
  fs.mkdirSync(join(root, dirname(path)), { recursive: true });
  fs.writeFileSync(join(root, path), text);
};
const hash = (folder = 'dist', ending = '.js') => hashCode(join(root, folder), root, ending);

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'code-'));
  write('dist/core/random.js', 'export const next = 1;\n');
  write('dist/index.js', 'export {};\n');
  write('native/heavy.h', 'int heavy;\n');
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

describe('a hash of code', () => {
  test('differs with a module, with its name, with one more, and with a kernel', () => {
    const hashes = [hash()];
    write('dist/index.js', 'export { };\n');
    hashes.push(hash());
    fs.renameSync(join(root, 'dist/index.js'), join(root, 'dist/main.js'));
    hashes.push(hash());
    write('dist/index.js', 'export {};\n');
    hashes.push(hash());
    write('native/heavy.h', 'int heavier;\n');
    hashes.push(hash());
    write('native/prebuilt/kernels.wasm', 'w');
    hashes.push(hash());
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hash()).toBe(hashes.at(-1));
  });

  test('is the same whatever lies beside the code, and with or without source maps', () => {
    const before = hash();
    for (const name of ['index.d.ts', 'index.js.map', 'index.test.js', 'cli/testing/program.js'])
      write(`dist/${name}`, 'x');
    write('native/README.md', 'x');
    write('dist/index.js', 'export {};\n//# sourceMappingURL=index.js.map');
    write('dist/core/random.js', 'export const next = 1;\n//# sourceMappingURL=random.js.map\n');
    expect(hash()).toBe(before);
  });

  test('passes over what a build left of sources that are gone', () => {
    const before = hash();
    write('src/index.ts', '');
    write('src/core/random.ts', '');
    expect(hash()).toBe(before);
    write('dist/core/gone.js', 'export {};\n');
    expect(hash()).toBe(before);
  });

  test('of an installed package, which has no sources but a page, is that of its modules', () => {
    write('src/deploy/web/page/page.js', 'x');
    const before = hash();
    write('dist/core/random.js', 'export const next = 2;\n');
    expect(hash()).not.toBe(before);
  });

  test('of sources is that of their modules without tests', () => {
    write('src/index.ts', 'export {};\n');
    const before = hash('src', '.ts');
    write('src/index.test.ts', 'x');
    write('src/types.d.ts', 'x');
    expect(hash('src', '.ts')).toBe(before);
    write('src/more.ts', 'export {};\n');
    expect(hash('src', '.ts')).not.toBe(before);
  });

  test('of this process is there, and stays', () => {
    expect(programCode()).toMatch(/^[0-9a-f]{64}$/);
    expect(programCode()).toBe(programCode());
  });
});
