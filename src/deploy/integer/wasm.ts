/**
 * Integer programs in WebAssembly: the loops of native/integer for vectors of 128 bits, without a compiler and without
 * threads. Pages that `export --to web` writes run the same module.
 */
import fs from 'node:fs';
import { ShiftAddError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import { encodeForInterpreter } from './code.ts';
import type { OpenedProgram } from './open.ts';
import type { IntegerProgram } from './program.ts';

/** What native/integer/wasm.cpp exports; addresses are bytes of the memory. */
interface Interpreter {
  /** 0 where there is no memory, as of `open`. */
  allocate(bytes: number): number;
  open(code: number, numbers: number): number;
  value(index: number): number;
  run(from: number, to: number): void;
}

/** The part of the host's WebAssembly that is used here. */
interface Host {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (type: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
}

/** `scripts/build-wasm.mjs` puts it there; sources and compiled files lie equally deep in the package. */
const MODULE = new URL('../../../native/prebuilt/integer.wasm', import.meta.url);
/** Of the module itself, its stack included; what a program needs is taken behind it. */
const FIRST_PAGES = 3;

/** The module's bytes. @throws ShiftAddError 'missing' where the package lacks them */
export function interpreterModule(): Uint8Array {
  try {
    return fs.readFileSync(MODULE);
  } catch (cause) {
    const sentence = `the interpreter of integer programs in WebAssembly, ${MODULE.pathname}, cannot be read; install the package again, or make it by npm run build:wasm`;
    throw new ShiftAddError('missing', sentence, {}, cause);
  }
}

const host = (globalThis as unknown as { readonly WebAssembly: Host }).WebAssembly;
let compiled: object | undefined;

/** @throws ShiftAddError 'missing' without the module, without WebAssembly of 128-bit vectors, or without memory */
export function openWasm(program: IntegerProgram): OpenedProgram {
  compiled ??= compile();
  const memory = new host.Memory({ initial: FIRST_PAGES });
  const interpreter = new host.Instance(compiled, { env: { memory } }).exports as Interpreter;
  const { code, numbers } = encodeForInterpreter(program);
  const given = [code, numbers].map((part) => {
    const at = interpreter.allocate(part.byteLength);
    if (at === 0) return noRoom();
    new Uint8Array(memory.buffer).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    return at;
  });
  if (interpreter.open(given[0], given[1]) === 0) return noRoom();

  const { values, operations, classes } = program;
  const size = sizeOf(values[0].shape);
  const place = (image: Uint8Array) => new Uint8Array(memory.buffer).set(image, interpreter.value(0));
  const stored = (index: number): Int16Array => {
    const { shape, bits } = values[index];
    const [at, length] = [interpreter.value(index), sizeOf(shape)];
    if (bits === 16) return new Int16Array(memory.buffer, at, length).slice();
    return Int16Array.from(new Uint8Array(memory.buffer, at, length), (byte) => byte - 128);
  };
  return {
    isa: 'wasm',
    run(images) {
      const count = images.length / size;
      const logits = new Int16Array(count * classes.length);
      for (let i = 0; i < count; i++) {
        place(images.subarray(i * size, (i + 1) * size));
        interpreter.run(0, operations.length);
        logits.set(stored(operations.length), i * classes.length);
      }
      return logits;
    },
    values(image) {
      place(image);
      return values.map((_, index) => {
        if (index > 0) interpreter.run(index - 1, index);
        return stored(index);
      });
    },
  };
}

function compile(): object {
  const bytes = interpreterModule();
  try {
    return new host.Module(bytes);
  } catch (cause) {
    throw new ShiftAddError('missing', 'the WebAssembly of this machine has no 128-bit vectors', {}, cause);
  }
}

function noRoom(): never {
  throw new ShiftAddError('missing', 'WebAssembly has no memory for this integer program');
}
