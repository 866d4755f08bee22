/**
 * Whether a C program says what the integer program says: it is compiled with every warning an error, by this machine's
 * compiler and for Cortex-M where that is there, searched for multiplications among its shifts, run on images, and every
 * logit is compared. What a tool is missing for is
 * said, and left out.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { internal, ShiftAddError } from '../../../core/errors.ts';
import { sizeOf } from '../../../core/shapes.ts';
import { expectedLogits } from '../../integer/expected.ts';
import type { IntegerProgram } from '../../integer/program.ts';
import type { CProgram } from '../write.ts';
import { type Multiplications, multiplicationsOf } from './disassembly.ts';
import {
  cortexMain,
  EMULATED_CONSTANTS,
  EMULATED_MEMORY,
  hostMain,
  IMAGES_FILE,
  LINKER_SCRIPT,
  LOGITS_FILE,
  QEMU_FLAGS,
} from './harness.ts';
import { type Sizes, sizesOf, stackOf } from './sizes.ts';
import {
  cortexTarget,
  hostTarget,
  isThere,
  NO_CORTEX,
  NO_HOST,
  NO_QEMU,
  QEMU,
  type Target,
  TOO_LARGE,
} from './targets.ts';

export interface TargetProof {
  /** Processor. */
  readonly name: string;
  readonly compiler: string;
  /** How many images gave the logits of the integer program, every one; 0 where it was compiled and not run. */
  readonly images: number;
  /** Null where the tools that look into object files are not there. */
  readonly sizes: (Sizes & { readonly stack: number }) | null;
  readonly multiplications: Multiplications | null;
}

export interface CProof {
  readonly targets: readonly TargetProof[];
  /** What is missing, a sentence each. */
  readonly notes: readonly string[];
}

export interface CClaim {
  readonly program: IntegerProgram;
  readonly written: CProgram;
  /** [n, h, w, c], bytes. */
  readonly images: Uint8Array;
  /** So many of them on Cortex-M, which is emulated and slow. */
  readonly emulated: number;
}

const COMPILED_WITH: readonly string[] = [
  ...['-std=c99', '-O2', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror'],
];

/**
 * @throws ShiftAddError 'internal' where a compiler refuses the program or a logit differs, 'run' where a function of
 * shifts and additions multiplies
 */
export function proveC(claim: CClaim): CProof {
  const [host, cortex, emulator] = [hostTarget(), cortexTarget(), isThere(QEMU)];
  const notes = [
    ...(host === undefined ? [NO_HOST] : []),
    ...(cortex === undefined ? [NO_CORTEX] : emulator ? [] : [NO_QEMU]),
  ];
  if (host === undefined && cortex === undefined) return { targets: [], notes };
  const { program, images } = claim;
  const expected = expectedLogits(program, images);
  const size = sizeOf(program.values[0].shape);
  const proofs: TargetProof[] = [];
  const prove = (target: Target, most: number, run: typeof runHost) => {
    const count = Math.min(most, expected.count);
    const proof = inFolder((folder) => {
      const looked = compiled(folder, target, claim.written);
      if (count > 0) {
        const found = run(folder, target, claim.written.name, images.subarray(0, count * size));
        compare(target, program, found, expected.logits, count);
      }
      return { name: target.name, compiler: target.compiler, images: count, ...looked };
    });
    proofs.push(proof);
  };
  if (host !== undefined) prove(host, expected.count, runHost);
  if (cortex !== undefined) {
    const fits = claim.written.arena < EMULATED_MEMORY && constantBytes(program) < EMULATED_CONSTANTS;
    if (!fits) notes.push(TOO_LARGE);
    prove(cortex, fits && emulator ? claim.emulated : 0, runCortex);
  }
  return { targets: proofs, notes };
}

const constantBytes = ({ tensors }: IntegerProgram): number =>
  [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

function inFolder<T>(use: (folder: string) => T): T {
  const folder = fs.mkdtempSync(join(tmpdir(), 'shiftaddnas-c-'));
  try {
    return use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Standard output of a command in a folder; undefined where it is not there or fails. */
function output(folder: string, command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, {
    ...{ cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 30 },
  });
  return status === 0 ? stdout : undefined;
}

/** @throws ShiftAddError 'internal' where the command fails */
function done(folder: string, command: string, args: readonly string[], input?: Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...{ cwd: folder, input, maxBuffer: 2 ** 30, timeout: 3_600_000 },
  });
  if (status === 0) return stdout;
  const [said] = stderr.toString().trim().split('\n');
  return internal(`${command} fails on the program (status ${status}): ${error?.message ?? said}`);
}

/** Writes and compiles the program: NAME.o, its sizes and instructions. @throws ShiftAddError as proveC */
function compiled(
  folder: string,
  { compiler, flags, objdump, size }: Target,
  { name, source, header }: CProgram,
): Pick<TargetProof, 'sizes' | 'multiplications'> {
  fs.writeFileSync(join(folder, `${name}.c`), source);
  fs.writeFileSync(join(folder, `${name}.h`), header);
  const compile = [...COMPILED_WITH, ...flags, '-c', `${name}.c`];
  // not every compiler says what it needs of the stack
  if (output(folder, compiler, [...compile, '-fstack-usage']) === undefined) done(folder, compiler, compile);
  const sections = output(folder, size, ['-A', `${name}.o`]);
  const usage = join(folder, `${name}.su`);
  const listing = output(folder, objdump, ['-d', '--no-show-raw-insn', `${name}.o`]);
  const multiplications = listing === undefined ? null : multiplicationsOf(listing);
  noneFound(multiplications?.found ?? [], name, compiler);
  return {
    sizes:
      sections === undefined || !fs.existsSync(usage)
        ? null
        : { ...sizesOf(sections), stack: stackOf(fs.readFileSync(usage, 'utf8'), `${name}_infer`) },
    multiplications,
  };
}

/** Throws 'run' where a function that only shifts and adds in C multiplies as compiled. */
function noneFound(found: readonly string[], name: string, compiler: string): void {
  if (found.length === 0) return;
  throw new ShiftAddError(
    'run',
    `${compiler} makes multiplications of functions that only shift and add (${found.join('; ')}), so ${name}.c was not written; name another compiler by CC if this is the machine's own, and report it`,
    { compiler, found },
  );
}

function runHost(folder: string, { compiler, flags }: Target, name: string, images: Uint8Array): Buffer {
  fs.writeFileSync(join(folder, 'main.c'), hostMain(name));
  done(folder, compiler, [...flags, '-O2', 'main.c', `${name}.o`, '-o', 'program']);
  return done(folder, join(folder, 'program'), [], images);
}

function runCortex(folder: string, { compiler, flags }: Target, name: string, images: Uint8Array): Buffer {
  fs.writeFileSync(join(folder, 'main.c'), cortexMain(name));
  fs.writeFileSync(join(folder, 'link.ld'), LINKER_SCRIPT);
  fs.writeFileSync(join(folder, IMAGES_FILE), images);
  const linked = ['-O2', '-nostdlib', '-T', 'link.ld', 'main.c', `${name}.o`, '-lgcc', '-o', 'program.elf'];
  done(folder, compiler, [...flags, ...linked]);
  done(folder, QEMU, [...QEMU_FLAGS, '-kernel', 'program.elf']);
  return fs.readFileSync(join(folder, LOGITS_FILE));
}

function compare(
  { name, compiler }: Target,
  { classes }: IntegerProgram,
  found: Buffer,
  expected: ArrayLike<number>,
  count: number,
): void {
  const logits = count * classes.length;
  if (found.length !== 2 * logits) {
    internal(
      `the C program gives ${found.length} bytes on ${name} where ${2 * logits} belong to ${count} images`,
    );
  }
  for (let i = 0; i < logits; i++) {
    const logit = found.readInt16LE(2 * i);
    if (logit === expected[i]) continue;
    const image = Math.floor(i / classes.length);
    internal(
      `the C program (${compiler}, ${name}) gives logit ${i % classes.length} of image ${image} as ${logit}, the integer program ${expected[i]}`,
    );
  }
}
