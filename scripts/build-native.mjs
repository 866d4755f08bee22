// Builds the native kernels: native/*.cpp -> build/native/shiftaddnas.node. Plain Node, no dependency besides the
// Node-API headers. One object for each instruction set, compiled side by side; written beside and renamed, so a
// build that is cut short leaves the old addon in place. Does nothing when sources, flags and compiler are unchanged.
//
//   node scripts/build-native.mjs [--force]      exit code 2 when there is no compiler
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'native');
const output = join(root, 'build', 'native');
const addon = join(output, 'shiftaddnas.node');

/**
 * Instruction sets by processor: name, bytes of a vector, flags, and more of them for integer programs. The first in
 * addon.cpp that is present is used.
 */
export const instructionSets = {
  x64: [
    [
      'avx512',
      64,
      ['-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq', '-mavx2', '-mfma', '-mprefer-vector-width=512'],
      ['-mavx512vnni'],
    ],
    ['avx2', 32, ['-mavx2', '-mfma', '-mtune=haswell']],
    ['baseline', 16, []],
  ],
  arm64: [['baseline', 16, []]],
};

// Contraction to fused multiply-add is wanted; anything that forgets NaN or infinity (-ffast-math) is not.
export const common = ['-std=c++17', '-O3', '-fPIC', '-fvisibility=hidden'];
export const kernelFlags = [
  '-ffp-contract=fast',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fno-exceptions',
  '-fno-rtti',
];

/** The C++ compiler ($CXX, g++ or clang++) and its version, or null. */
export function findCompiler() {
  for (const name of [process.env.CXX, 'g++', 'clang++']) {
    if (!name) continue;
    const found = spawnSync(name, ['--version'], { encoding: 'utf8' });
    if (found.status === 0) return { name, version: found.stdout.split('\n')[0] };
  }
  return null;
}

function headers() {
  const folder = join(root, 'node_modules', 'node-api-headers', 'include');
  if (!existsSync(join(folder, 'node_api.h')))
    throw new Error(`The Node-API headers are not in ${folder}; run npm install first.`);
  return folder;
}

/** What the addon depends on, as one hash. */
function fingerprint(compiler, sets) {
  const hash = createHash('sha256');
  for (const name of readdirSync(sources, { recursive: true }).map(String).sort()) {
    if (/\.(cpp|h|def|inc)$/.test(name)) hash.update(name).update(readFileSync(join(sources, name)));
  }
  hash.update(
    JSON.stringify([
      compiler.name,
      compiler.version,
      sets,
      common,
      kernelFlags,
      process.platform,
      process.arch,
    ]),
  );
  return hash.digest('hex');
}

/** Removes the folders of builds that were killed; a build that runs beside this one is younger. */
function removeStale() {
  const staleAfter = 30 * 60 * 1000;
  for (const name of readdirSync(output)) {
    const path = join(output, name);
    if (name.startsWith('work-') && Date.now() - statSync(path).mtimeMs > staleAfter)
      rmSync(path, { recursive: true, force: true });
  }
}

const execute = promisify(execFile);

async function compile(compiler, args) {
  try {
    await execute(compiler.name, args, { maxBuffer: 1 << 26 });
  } catch (error) {
    const text = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .slice(0, 40)
      .join('\n');
    throw new Error(`${compiler.name} could not compile the native kernels:\n${text}`);
  }
}

/**
 * Builds the addon if it is out of date.
 * Result: { status: 'built' | 'current', path } or { status: 'unavailable', reason } when this machine cannot build it.
 * Throws when the compiler is there and fails.
 */
export async function buildNative({ force = false, log = () => {} } = {}) {
  const sets = instructionSets[process.arch];
  if (!sets || process.platform === 'win32')
    return {
      status: 'unavailable',
      reason: `There are no native kernels for ${process.platform} on ${process.arch}; the slower backends work.`,
    };
  const compiler = findCompiler();
  if (!compiler)
    return {
      status: 'unavailable',
      reason:
        'No C++ compiler was found (tried $CXX, g++, clang++); install one, for example with "apt-get install g++".',
    };
  const print = fingerprint(compiler, sets);
  const printFile = `${addon}.sha256`;
  if (!force && existsSync(addon) && existsSync(printFile) && readFileSync(printFile, 'utf8') === print)
    return { status: 'current', path: addon };

  const include = headers();
  log(`Compiling the native kernels for ${sets.map(([name]) => name).join(', ')} with ${compiler.version}`);
  mkdirSync(output, { recursive: true });
  removeStale();
  const work = mkdtempSync(join(output, 'work-'));
  try {
    const objects = [];
    const jobs = [];
    const object = (name, source, flags) => {
      const path = join(work, `${name}.o`);
      objects.push(path);
      jobs.push(compile(compiler, [...common, ...flags, '-c', join(sources, source), '-o', path]));
    };
    for (const [name, bytes, flags, wholeFlags = []] of sets) {
      const own = [...kernelFlags, ...flags, `-DISA=${name}`, `-DVECTOR_BYTES=${bytes}`];
      object(name, 'isa.cpp', own);
      object(`integer-${name}`, join('integer', 'isa.cpp'), [...own, ...wholeFlags]);
    }
    object('parallel', 'parallel.cpp', ['-pthread']);
    const present = sets
      .filter(([name]) => name !== 'baseline')
      .map(([name]) => `-DWITH_${name.toUpperCase()}`);
    object('addon', 'addon.cpp', [`-I${include}`, ...present]);
    object('mpi', 'mpi.cpp', [`-I${include}`]);
    object('integer-addon', join('integer', 'addon.cpp'), [`-I${include}`, ...present]);
    await Promise.all(jobs);
    const linked = join(work, 'shiftaddnas.node');
    const undefinedLater = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
    await compile(compiler, ['-shared', '-pthread', ...undefinedLater, ...objects, '-o', linked]);
    rmSync(printFile, { force: true });
    renameSync(linked, addon);
    writeFileSync(`${printFile}.new`, print);
    renameSync(`${printFile}.new`, printFile);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { status: 'built', path: addon };
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    const result = await buildNative({ force: process.argv.includes('--force'), log: console.log });
    if (result.status === 'unavailable') {
      console.error(result.reason);
      process.exitCode = 2;
    } else {
      console.log(result.status === 'built' ? `Built ${result.path}` : 'The native kernels are up to date.');
    }
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
