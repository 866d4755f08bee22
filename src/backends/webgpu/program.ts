/**
 * A GPU program as plain data: what it reads and writes, its numbers, its WGSL. The declarations are made from the
 * lists, so that a program's text holds only its arithmetic.
 *
 *   program({ name: 'axpy', buffers: ['read x', 'write y'], params: ['u32 length', 'f32 alpha'],
 *             code: each('length', 'y[i] += p.alpha * x[i];') })
 *
 * WebGPU forbids one buffer under two names of which one is written. Where arguments are the same buffer, as a step
 * in place has them, the text is compiled once more with one name for both (`aliases`).
 */
import { internal } from '../../core/errors.ts';
import { mathsFor } from './maths.ts';

export interface Program {
  /** Unique: programs of one name are one program. */
  readonly name: string;
  /** `read x`, `write y` (which may also be read), `read index: i32`. */
  readonly buffers: readonly string[];
  /** `u32 length`, `i32 pad`, `f32 alpha`, in the order of a launch's numbers; the code finds them in `p`. */
  readonly params: readonly string[];
  readonly code: string;
}

/** Threads of a workgroup, where a program has no reason for another number. */
export const THREADS = 256;

/** Most numbers of a launch: they take the smallest stride that a uniform buffer's offset may have. */
export const MOST_PARAMS = 64;

/** A program for every key, made when it is first asked for. */
export function programs<A extends readonly (string | number | boolean)[]>(
  make: (...options: A) => Program,
): (...options: A) => Program {
  const made = new Map<string, Program>();
  return (...options) => {
    const key = options.join();
    let one = made.get(key);
    if (one === undefined) made.set(key, (one = make(...options)));
    return one;
  };
}

/** The body of a program that runs `statement` for every i below the number `count` of its launch. */
export function each(count: string, statement: string): string {
  return `
${MAIN}
fn main(${GRID}) {
  let i = (group.y * groups.x + group.x) * ${THREADS}u + local;
  if (i >= p.${count}) { return; }
  ${statement}
}`;
}

export const MAIN = `@compute @workgroup_size(${THREADS})`;
export const GRID =
  '@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32';

/**
 * Where a matrix unit multiplies (kernels/unit-code.ts). The compiler cannot prove that lanes of a subgroup go the same way
 * where that hangs on the subgroup's number, as they do.
 */
const UNIT = /\bsubgroupMatrix[A-Z]/;
const UNIT_DIRECTIVES = [
  'enable subgroups;',
  'enable chromium_experimental_subgroup_matrix;',
  'diagnostic(off, chromium.subgroup_matrix_uniformity);',
];

/**
 * The same where lanes of a subgroup hand values to each other: `local` then counts subgroup by subgroup, so that those of
 * one stand side by side whatever the adapter does.
 */
const SUBGROUPS = /\bsubgroup[A-Z]\w*\(/;
const GRID_OF_SUBGROUPS = `${GRID.replace('local_invocation_index) local', 'subgroup_id) subgroup')}, @builtin(subgroup_size) size: u32, @builtin(subgroup_invocation_id) lane: u32`;

/** Which earlier argument an argument is the same as, or its own place: [0, 1, 0] says that the third is the first. */
export type Aliases = readonly number[];

interface Declared {
  readonly name: string;
  readonly written: boolean;
  readonly type: string;
}

function declared({ name: program, buffers }: Program): Declared[] {
  return buffers.map((text) => {
    const match = /^(read|write) (\w+)(?:: ([\w<>]+))?$/.exec(text);
    if (match === null) internal(`program ${program} declares a buffer as "${text}"`);
    return { name: match[2], written: match[1] === 'write', type: match[3] ?? 'f32' };
  });
}

/** For every argument, whether it is written. */
export function writtenBy(program: Program): readonly boolean[] {
  return declared(program).map(({ written }) => written);
}

/**
 * A letter for each binding: r where it is only read, w where it is written. Aliases share a binding. WebGPU forbids one
 * buffer of the GPU, in whichever parts of it, to be bound in both ways: what stands in a slab that is written is bound as
 * if it were written too (`besides`).
 */
export function bindingsOf(program: Program, aliases: Aliases, besides: readonly boolean[] = []): string {
  const all = declared(program);
  return all
    .map((_, i) => {
      if (aliases[i] !== i) return '';
      return all.some((other, j) => aliases[j] === i && (other.written || besides[j])) ? 'w' : 'r';
    })
    .join('');
}

/** The whole WGSL text. */
export function sourceOf(program: Program, aliases: Aliases, besides: readonly boolean[] = []): string {
  const all = declared(program);
  let code = program.code;
  const lines: string[] = [];
  if (UNIT.test(code)) lines.push(...(/\bf16\b/.test(code) ? ['enable f16;'] : []), ...UNIT_DIRECTIVES);
  else if (SUBGROUPS.test(code)) {
    lines.push('enable subgroups;');
    code = code.replace(`${GRID}) {`, `${GRID_OF_SUBGROUPS}) {\n  let local = subgroup * size + lane;`);
  }
  let bound = 0;
  const letters = bindingsOf(program, aliases, besides);
  all.forEach(({ name, type }, i) => {
    if (aliases[i] !== i) {
      code = code.replaceAll(new RegExp(`\\b${name}\\[`, 'g'), `${all[aliases[i]].name}[`);
      return;
    }
    const access = letters[bound] === 'w' ? 'read_write' : 'read';
    lines.push(`@group(0) @binding(${bound++}) var<storage, ${access}> ${name}: array<${type}>;`);
  });
  const fields = program.params.map((text) => {
    const [type, name] = text.split(' ');
    return `  ${name}: ${type},`;
  });
  if (fields.length > 0) {
    lines.push(`struct Params {\n${fields.join('\n')}\n}`, '@group(1) @binding(0) var<uniform> p: Params;');
  }
  return [...lines, mathsFor(code), code].join('\n');
}
