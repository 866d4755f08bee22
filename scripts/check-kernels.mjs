// The conformance suite and drawn calls over kernels in a process of their own (native/host.cpp), built so that
// faults show: with sanitizers, and for NEON, which an emulator runs.
//
//   node scripts/check-kernels.mjs [--sanitize] [--races] [--neon]      default: all three
//     --sanitize        address and undefined behaviour
//     --races           data races between threads
//     --neon            aarch64, run by qemu-aarch64
//     --compiler NAME   g++ or clang++, for the first two; may be given twice; default g++
//     --isa NAME        avx512, avx2 or baseline; default the widest but avx512 that this processor has
//     --fuzz N          draws N calls of each kernel, and N broken ones; default 25
//     --seed N          of the draws; default 1
//
// Exit code 0: all passed; 1: something failed; 2: nothing failed, but a tool is missing and a check was skipped.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { common, instructionSets, kernelFlags } from './build-native.mjs';
import { root } from './setup.mjs';

const sources = join(root, 'native');
const output = join(root, 'build', 'hosts');
const execute = promisify(execFile);

const MODES = {
  sanitize: {
    flags: ['-O1', '-g1', '-fsanitize=address,undefined,float-cast-overflow', '-fno-sanitize-recover=all'],
    environment: { ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' },
    says: 'address and undefined behaviour',
  },
  races: {
    flags: ['-O1', '-g1', '-fsanitize=thread'],
    environment: { TSAN_OPTIONS: 'halt_on_error=1' },
    says: 'data races',
  },
  neon: { flags: ['-static'], environment: {}, says: 'NEON' },
};

/** What is asked for, as hosts to build: { name, compiler, set, mode, runner }. */
function wanted(options) {
  const modes = Object.keys(MODES).filter((name) => options[name]);
  return (modes.length > 0 ? modes : Object.keys(MODES)).flatMap((mode) => {
    if (mode === 'neon') {
      const runner = process.arch === 'arm64' ? [] : ['qemu-aarch64'];
      const compiler = process.arch === 'arm64' ? 'g++' : 'aarch64-linux-gnu-g++';
      return [{ name: `NEON, ${compiler}`, compiler, set: instructionSets.arm64[0], mode, runner }];
    }
    const set = setOf(options.isa);
    const compilers = options.compiler ?? ['g++'];
    return compilers.map((compiler) => {
      const name = `${MODES[mode].says}, ${set[0]}, ${compiler}`;
      return { name, compiler, set, mode, runner: [] };
    });
  });
}

function setOf(name) {
  const sets = instructionSets[process.arch] ?? [];
  if (name === undefined) {
    const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
    return sets.find(([isa]) => isa === 'avx2' && flags.includes(' avx2 ')) ?? sets[sets.length - 1];
  }
  const set = sets.find(([isa]) => isa === name);
  if (set) return set;
  const names = sets.map(([isa]) => isa).join(', ');
  throw new Error(`--isa must be one of ${names} on ${process.arch}, but is ${name}`);
}

/** Why the host cannot be built or run here, or null. A program that does nothing is built and run to see. */
function missing({ compiler, mode, runner }) {
  const folder = mkdtempSync(join(tmpdir(), 'shiftaddnas-probe-'));
  try {
    const [source, program] = [join(folder, 'probe.cpp'), join(folder, 'probe')];
    writeFileSync(source, 'int main() { return 0; }\n');
    const built = spawnSync(compiler, [...MODES[mode].flags, source, '-o', program], { encoding: 'utf8' });
    if (built.error) return `${compiler} is not installed`;
    if (built.status !== 0) return `${compiler} cannot build it: ${lastLine(built.stderr)}`;
    const [command, ...args] = [...runner, program];
    const ran = spawnSync(command, args, { encoding: 'utf8' });
    if (ran.error) return `${command} is not installed`;
    return ran.status === 0 ? null : `its programs do not run here: ${lastLine(ran.stderr)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lastLine = (text) => text.trim().split('\n').at(-1);

/** Path of the program, built unless it is there from the same sources and flags. */
async function build({ compiler, set: [isa, bytes, flags], mode }) {
  const all = [...common, ...MODES[mode].flags];
  const kernels = [...kernelFlags, ...flags, `-DVECTOR_BYTES=${bytes}`];
  const version = spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout;
  const hash = createHash('sha256').update(JSON.stringify([compiler, version, isa, all, kernels]));
  for (const name of readdirSync(sources).sort()) {
    if (/\.(cpp|h|def)$/.test(name)) hash.update(name).update(readFileSync(join(sources, name)));
  }
  const folder = join(output, `${mode}-${isa}-${compiler}`);
  const [program, stamp, print] = [join(folder, 'host'), join(folder, 'sha256'), hash.digest('hex')];
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return program;

  mkdirSync(folder, { recursive: true });
  rmSync(stamp, { force: true });
  const compile = (name, more) => {
    const object = join(folder, `${name}.o`);
    const args = [...all, `-DISA=${isa}`, ...more, '-c', join(sources, `${name}.cpp`), '-o', object];
    return execute(compiler, args, { maxBuffer: 1 << 26 }).then(() => object);
  };
  const objects = await Promise.all([
    compile('isa', kernels),
    compile('parallel', ['-Dscratch=plainScratch']), // host.cpp stands in front of it
    compile('host', []),
  ]);
  await execute(compiler, [...all, '-pthread', ...objects, '-o', program]);
  writeFileSync(stamp, print);
  return program;
}

/** Runs the tests over the programs; what vitest's JSON reporter writes. */
function test(hosts, { fuzz, seed }) {
  const folder = mkdtempSync(join(tmpdir(), 'shiftaddnas-check-'));
  try {
    const file = join(folder, 'report.json');
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const files = ['src/backends/hosts.test.ts', 'src/backends/fuzz.test.ts'];
    const args = ['run', ...files, '--testTimeout=600000', '--reporter=json', `--outputFile=${file}`];
    const done = spawnSync(process.execPath, [vitest, ...args], {
      cwd: root,
      env: {
        ...process.env,
        SHIFTADDNAS_KERNEL_HOSTS: JSON.stringify(hosts),
        SHIFTADDNAS_FUZZ_RUNS: fuzz,
        SHIFTADDNAS_FUZZ_SEED: seed,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (!existsSync(file)) throw new Error(`vitest ended with status ${done.status} and without a report`);
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const LINES_OF_A_FAILURE = 40;

/** Prints what happened on one host; the number of failures. */
function print({ name }, report) {
  const cases = report.testResults
    .flatMap((file) => file.assertionResults)
    .filter((entry) => entry.ancestorTitles[0] === name);
  const failed = cases.filter((entry) => entry.status !== 'passed');
  const seconds = cases.reduce((sum, entry) => sum + (entry.duration ?? 0), 0) / 1000;
  for (const entry of failed) {
    const message = (entry.failureMessages ?? []).join('\n').split('\n').slice(0, LINES_OF_A_FAILURE);
    console.log(`FAILED  ${name}: ${entry.title}\n    ${message.join('\n    ')}`);
  }
  console.log(
    `${name}: ${cases.length - failed.length} of ${cases.length} passed in ${seconds.toFixed(0)} s`,
  );
  return cases.length === 0 ? 1 : failed.length;
}

async function main() {
  const { values } = parseArgs({
    options: {
      sanitize: { type: 'boolean' },
      races: { type: 'boolean' },
      neon: { type: 'boolean' },
      compiler: { type: 'string', multiple: true },
      isa: { type: 'string' },
      fuzz: { type: 'string', default: '25' },
      seed: { type: 'string', default: '1' },
    },
  });
  const here = [];
  let skipped = 0;
  for (const host of wanted(values)) {
    const reason = missing(host);
    if (reason === null) here.push(host);
    else console.log(`${host.name}: skipped, for ${reason}`);
    skipped += reason === null ? 0 : 1;
  }
  if (here.length === 0) return 2;
  const begun = Date.now();
  const programs = await Promise.all(here.map(build));
  console.log(`built in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
  const hosts = here.map(({ name, mode, runner }, i) => {
    return { name, command: [...runner, programs[i]], environment: MODES[mode].environment };
  });
  const report = test(hosts, values);
  const failures = hosts.map((host) => print(host, report)).reduce((a, b) => a + b);
  if (failures > 0) return 1;
  return skipped > 0 ? 2 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.stderr || error.message);
  process.exitCode = 1;
}
