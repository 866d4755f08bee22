// Builds WebAssembly: native/*.cpp -> native/prebuilt/kernels.wasm, the kernels, pictures.wasm, the passes of augmentation,
// and integer.wasm, the interpreter of integer programs. The files are kept with the sources, so that a machine without a
// compiler and a browser have them; a .json beside each says what it was made of. Needs clang++ and wasm-ld (Debian:
// apt-get install clang lld); $WASM_CXX chooses another clang++.
//
//   node scripts/build-wasm.mjs            builds and writes all files
//   node scripts/build-wasm.mjs --check    0: the kept files are those of the sources    1: one is stale or damaged
//
// The check builds again and compares bytes where the recorded compiler is at hand. Elsewhere the recorded hashes of
// the sources and of the files must be theirs. Exit code 2: there is no compiler to build with.
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
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'native');
const folder = join(sources, 'prebuilt');
/** Of all modules. Everything is in the sources: no library, no start-up code, no system headers but the compiler's own. */
const common = [
  '--target=wasm32',
  '-std=c++17',
  '-O3',
  '-ffreestanding',
  '-nostdlib',
  '-nostdlibinc',
  '-msimd128',
  '-mbulk-memory',
  '-mmutable-globals',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fno-exceptions',
  '-fno-rtti',
  '-fvisibility=hidden',
];
/** The most that 32-bit addresses reach, less the last page: an end of memory that is 0 again would be no address. */
const mostMemory = 2 ** 32 - 65536;
/** The stack lies below everything else, so that one too deep traps instead of writing over variables. */
const stackOf = (bytes) => ['--no-entry', '--import-memory', '--stack-first', '-z', `stack-size=${bytes}`];

const modules = [
  {
    name: 'kernels.wasm',
    units: ['isa.cpp', 'parallel_wasm.cpp', 'wasm.cpp', 'wasm_memory.cpp'],
    headers: /^[^/]+\.(h|def)$/,
    flags: [...common, '-matomics', '-ftls-model=local-exec', '-DISA=wasm', '-DVECTOR_BYTES=16'],
    linkerFlags: [
      ...stackOf(262144),
      '--shared-memory',
      `--max-memory=${mostMemory}`,
      '--strip-all',
      '--export=__stack_pointer',
      '--export=__wasm_init_tls',
    ],
  },
  {
    name: 'pictures.wasm',
    units: ['pictures.cpp'],
    headers: null,
    // conversions of numbers that are in range anyway need not look whether they are
    flags: [...common, '-mnontrapping-fptoint'],
    linkerFlags: [...stackOf(4096), '--strip-all', '--export=__heap_base'],
  },
  {
    name: 'integer.wasm',
    units: ['integer/isa.cpp', 'integer/wasm.cpp'],
    headers: /^(vec|parallel)\.h$|^integer\/[^/]+\.(h|inc)$/,
    flags: [...common, '-mnontrapping-fptoint', '-DISA=wasm', '-DVECTOR_BYTES=16'],
    linkerFlags: [...stackOf(65536), '--strip-all'],
  },
];

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** Hash of what a module is made of: sources and flags, not the compiler. */
function sourceHash({ units, headers, flags, linkerFlags }) {
  const hash = createHash('sha256').update(JSON.stringify([units, flags, linkerFlags]));
  const names = readdirSync(sources, { recursive: true }).map((name) => name.replaceAll(sep, '/'));
  for (const name of names.sort()) {
    if (units.includes(name) || headers?.test(name))
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

/** A module's bytes, built in a folder of its own. */
function build(clang, { name, units, flags, linkerFlags }) {
  const work = mkdtempSync(join(tmpdir(), 'shiftaddnas-wasm-'));
  try {
    const output = join(work, name);
    const linked = linkerFlags.map((flag) => `-Wl,${flag}`);
    const done = spawnSync(clang.name, [...flags, ...units, ...linked, '-o', output], {
      cwd: sources,
      encoding: 'utf8',
    });
    if (done.status !== 0) {
      const text = (done.stderr || String(done.error)).trim().split('\n').slice(0, 40).join('\n');
      throw new Error(`${clang.name} could not compile ${name} (it needs wasm-ld, too):\n${text}`);
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
  return Math.max(...modules.map((module) => makeOne(clang, module)));
}

function makeOne(clang, module) {
  const before = sourceHash(module);
  const bytes = build(clang, module);
  if (sourceHash(module) !== before) {
    console.error('The sources changed while they were compiled; run this again.');
    return 1;
  }
  mkdirSync(folder, { recursive: true });
  const kept = join(folder, module.name);
  writeWhole(kept, bytes);
  const written = { sources: before, wasm: sha256(bytes), bytes: bytes.length, compiler: clang.version };
  writeWhole(`${kept}.json`, `${JSON.stringify(written, null, 2)}\n`);
  console.log(`Built ${kept}: ${bytes.length} bytes with ${clang.version}`);
  return 0;
}

const remedy = 'run "npm run build:wasm"';

/** What hashes say is wrong with a kept file; null when nothing is. */
export function staleness() {
  return modules.map(stalenessOf).find((fault) => fault !== null) ?? null;
}

function stalenessOf(module) {
  const kept = join(folder, module.name);
  const record = `${kept}.json`;
  if (!existsSync(kept) || !existsSync(record)) return `${kept} or its record is not there; ${remedy}`;
  const recorded = JSON.parse(readFileSync(record, 'utf8'));
  if (recorded.sources !== sourceHash(module)) return `${kept} was built from other sources; ${remedy}`;
  if (recorded.wasm !== sha256(readFileSync(kept)))
    return `${kept} is not the file that its record describes; ${remedy}`;
  return null;
}

/** What is wrong with a kept file, or what was looked at. */
function check(module) {
  const fault = stalenessOf(module);
  if (fault !== null) return { fault };
  const kept = join(folder, module.name);
  const bytes = readFileSync(kept);
  const { compiler } = JSON.parse(readFileSync(`${kept}.json`, 'utf8'));
  const clang = findClang();
  if (clang === null || clang.version !== compiler) {
    const here = clang === null ? 'there is no clang++ here' : `here is ${clang.version}`;
    return {
      looked: `the hashes of sources and file agree; not built again, for it was made with ${compiler} and ${here}`,
    };
  }
  if (!build(clang, module).equals(bytes))
    return { fault: `${kept} differs from what ${clang.version} makes of the sources; ${remedy}` };
  return { looked: `built again with ${clang.version}: the same ${bytes.length} bytes` };
}

function main() {
  if (!process.argv.includes('--check')) return make();
  let code = 0;
  for (const module of modules) {
    const { fault, looked } = check(module);
    if (fault !== undefined) {
      console.error(fault);
      code = 1;
    } else console.log(`${join(folder, module.name)} is current: ${looked}`);
  }
  return code;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    process.exitCode = main();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
