/**
 * Which code this is: a SHA-256 of the modules that run and of the sources of their kernels. Two checkouts of one version
 * may hold different code, and a version cannot tell them apart.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { dirname, extname, join, sep } from 'node:path';
import { packageRoot } from '../backends/native/addon.ts';

let own: string | undefined;

/** Of this process, hexadecimal, as it was when it was first asked for. Compiled modules and sources differ. */
export function programCode(): string {
  own ??= hashCode(dirname(import.meta.dirname), packageRoot(), extname(import.meta.filename));
  return own;
}

/** `modules`: the folder of the modules, which end in `ending`; `root`: that of the package. */
export function hashCode(modules: string, root: string, ending: string): string {
  const sources = join(root, 'src');
  const checkout = fs.existsSync(join(sources, 'index.ts')); // an installed package has only a web page there
  const hash = createHash('sha256');
  for (const name of filesIn(modules)) {
    if (extname(name) !== ending || isOfTests(name) || name.endsWith('.d.ts')) continue;
    // The compiler leaves behind what it made of modules that are gone since.
    if (checkout && !fs.existsSync(join(sources, name.replace(/\.js$/, '.ts')))) continue;
    const text = fs.readFileSync(join(modules, name), 'utf8').replace(SOURCE_MAP, '\n');
    hash.update(name).update('\0').update(text).update('\0');
  }
  const native = join(root, 'native');
  for (const name of filesIn(native)) {
    if (KERNELS.includes(extname(name)))
      hash
        .update(name)
        .update('\0')
        .update(fs.readFileSync(join(native, name)));
  }
  return hash.digest('hex');
}

/** Enough of a hash for people. */
export const shortCode = (code: string): string => code.slice(0, 12);

const KERNELS: readonly string[] = ['.cpp', '.h', '.def', '.wasm'];

/** Says where a debugger finds the sources; one build has it, another not. */
const SOURCE_MAP = /\n\/\/# sourceMappingURL=\S*\s*$/;

const isOfTests = (name: string): boolean => /\.test\.|(^|\/)testing\//.test(name);

/** Names relative to the folder, in one order everywhere. */
function filesIn(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.map((name) => name.split(sep).join('/')).sort();
}
