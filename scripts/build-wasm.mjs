// Builds the kernels as WebAssembly: native/*.cpp -> native/prebuilt/kernels.wasm. The file is kept with the sources,
// so that a machine without a compiler and a browser have it; kernels.wasm.json beside it says what it was made of.
// Needs clang++ and wasm-ld (Debian: apt-get install clang lld); $WASM_CXX chooses another clang++.
//
//   node scripts/build-wasm.mjs            builds and writes both files
//   node scripts/build-wasm.mjs --check    0: the kept file is that of the sources    1: it is stale or damaged
//
// The check builds again and compares bytes where the recorded compiler is at hand. Elsewhere the recorded hashes of
// the sources and of the file must be theirs. Exit code 2: there is no compiler to build with.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'native');
const folder = join(sources, 'prebuilt');
const kept = join(folder, 'kernels.wasm');
const record = `${kept}.json`;

const units = ['isa.cpp', 'parallel_wasm.cpp', 'wasm.cpp', 'wasm_memory.cpp'];
const flags = [
  '--target=wasm32',
  '-std=c++17',
  '-O3',
  // Everything is in the sources: no library, no start-up code, no system headers but the compiler's own.
  '-ffreestanding',
  '-nostdlib',
  '-nostdlibinc',
  '-msimd128',
  '-matomics',
  '-mbulk-memory',
  '-mmutable-globals',
  '-ftls-model=local-exec',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fno-exceptions',
  '-fno-rtti',
  '-fvisibility=hidden',
  '-DISA=wasm',
  '-DVECTOR_BYTES=16',
];
/** The most that 32-bit addresses reach, less the last page: an end of memory that is 0 again would be no address. */
const mostMemory = 2 ** 32 - 65536;
const linkerFlags = [
  '--no-entry',
  '--import-memory',
  '--shared-memory',
  `--max-memory=${mostMemory}`,
  // The stack lies below everything else, so that one too deep traps instead of writing over variables.
  '--stack-first',
  '-z',
  'stack-size=262144',
  '--strip-all',
  '--export=__stack_pointer',
  '--export=__wasm_init_tls',
];

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** Hash of what the module is made of: sources and flags, not the compiler. */
export function sourceHash() {
  const hash = createHash('sha256').update(JSON.stringify([units, flags, linkerFlags]));
  for (const name of readdirSync(sources).sort()) {
    if (units.includes(name) || /\.(h|def)$/.test(name))
      hash.update(`\0${name}\0`).update(readFileSync(join(sources, name)));
  }
  return hash.digest('hex');
}

/** A clang++ that can make Wasm, and its version without the system it runs on; or null. */
function findClang() {
  for (const name of [process.env.WASM_CXX, 'clang++', 'clang++-14']) {
    if (!name) continue;
    const found = spawnSync(name, ['--version'], { encoding: 'utf8' });
    const version = found.status === 0 ? found.stdout.split('\n')[0].trim() : '';
    if (version.includes('clang') && !version.startsWith('Apple')) return { name, version };
  }
  return null;
}

/** The module's bytes, built in a folder of its own. */
function build(clang) {
  const work = mkdtempSync(join(tmpdir(), 'shiftaddnas-wasm-'));
  try {
    const output = join(work, 'kernels.wasm');
    const linked = linkerFlags.map((flag) => `-Wl,${flag}`);
    const done = spawnSync(clang.name, [...flags, ...units, ...linked, '-o', output], {
      cwd: sources,
      encoding: 'utf8',
    });
    if (done.status !== 0) {
      const text = (done.stderr || String(done.error)).trim().split('\n').slice(0, 40).join('\n');
      throw new Error(
        `${clang.name} could not compile the kernels to WebAssembly (it needs wasm-ld, too):\n${text}`,
      );
    }
    return readFileSync(output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function writeWhole(path, data) {
  writeFileSync(`${path}.new`, data);
  renameSync(`${path}.new`, path);
}

function make() {
  const clang = findClang();
  if (!clang) {
    console.error('No clang++ was found (tried $WASM_CXX, clang++, clang++-14); install clang and lld.');
    return 2;
  }
  const before = sourceHash();
  const bytes = build(clang);
  if (sourceHash() !== before) {
    console.error('The sources changed while they were compiled; run this again.');
    return 1;
  }
  mkdirSync(folder, { recursive: true });
  writeWhole(kept, bytes);
  const written = { sources: before, wasm: sha256(bytes), bytes: bytes.length, compiler: clang.version };
  writeWhole(record, `${JSON.stringify(written, null, 2)}\n`);
  console.log(`Built ${kept}: ${bytes.length} bytes with ${clang.version}`);
  return 0;
}

const remedy = 'run "npm run build:wasm"';

/** What hashes say is wrong with the kept file; null when nothing is. */
export function staleness() {
  if (!existsSync(kept) || !existsSync(record)) return `${kept} or its record is not there; ${remedy}`;
  const recorded = JSON.parse(readFileSync(record, 'utf8'));
  if (recorded.sources !== sourceHash()) return `${kept} was built from other sources; ${remedy}`;
  if (recorded.wasm !== sha256(readFileSync(kept)))
    return `${kept} is not the file that its record describes; ${remedy}`;
  return null;
}

/** What is wrong with the kept file, or what was looked at. */
function check() {
  const fault = staleness();
  if (fault !== null) return { fault };
  const bytes = readFileSync(kept);
  const { compiler } = JSON.parse(readFileSync(record, 'utf8'));
  const clang = findClang();
  if (clang === null || clang.version !== compiler) {
    const here = clang === null ? 'there is no clang++ here' : `here is ${clang.version}`;
    return {
      looked: `the hashes of sources and file agree; not built again, for it was made with ${compiler} and ${here}`,
    };
  }
  if (!build(clang).equals(bytes))
    return { fault: `${kept} differs from what ${clang.version} makes of the sources; ${remedy}` };
  return { looked: `built again with ${clang.version}: the same ${bytes.length} bytes` };
}

function main() {
  if (!process.argv.includes('--check')) return make();
  const { fault, looked } = check();
  if (fault !== undefined) console.error(fault);
  else console.log(`${kept} is current: ${looked}`);
  return fault === undefined ? 0 : 1;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    process.exitCode = main();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
