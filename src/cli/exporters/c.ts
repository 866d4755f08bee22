/** `export --to c`: see docs/c.md. */
import { ShiftAddError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import {
  type CProgram,
  type CProof,
  isPrefix,
  proveC,
  type TargetProof,
  writeC,
} from '../../deploy/index.ts';
import type { Option } from '../../runs/options.ts';
import { version } from '../../version.ts';
import { given } from '../command.ts';
import { count } from '../text.ts';
import type { ProgramExporter } from './of-program.ts';

/** Images that the compiled program runs where --images does not say how many. */
const UNASKED = 1000;

export const C_FLAGS: Readonly<Record<string, Option>> = {
  prefix: {
    kind: 'text',
    help: 'c: what the names of files, functions and macros begin with',
    placeholder: 'name',
    initial: 'network',
  },
  qemuImages: {
    kind: 'integer',
    help: 'c: how many of the images also run on an emulated Cortex-M4',
    placeholder: 'n',
    minimum: 0,
    initial: 10,
  },
};

export const exportC: ProgramExporter = async (inHand, context) => {
  const { program, images, imagesAre, maxDifference, lines, json } = inHand;
  const name = given<string>(context, 'prefix') ?? 'network';
  if (!isPrefix(name)) {
    throw new ShiftAddError(
      'usage',
      `--prefix begins the names of C functions, so it must be a small letter followed by small letters, digits or underscores, at most 41 in all; "${name}" is not`,
    );
  }
  const written = writeC(program, { name, version });
  // plain C takes far longer than the vector code that has looked at all of them
  const most =
    (given<number>(context, 'images') ?? 0) === 0 ? UNASKED * sizeOf(program.values[0].shape) : images.length;
  const proof = proveC({
    ...{ program, written, images: images.subarray(0, most) },
    emulated: given<number>(context, 'qemuImages') ?? 10,
  });
  const { arena, counts } = written;
  return {
    ...{ place: 'c', maxDifference },
    files: new Map([
      [`${name}.c`, Buffer.from(written.source)],
      [`${name}.h`, Buffer.from(written.header)],
    ]),
    lines: [
      ...lines,
      ...proof.targets.flatMap((target) => [...said(target, imagesAre)]),
      costs(written),
      ...proof.notes,
    ],
    json: { ...json, arena, counts, ...jsonOf(proof) },
  };
};

function costs({ arena, counts }: CProgram): string {
  const { multiplications, additions, shifts } = counts;
  return `one image: ${count(multiplications)} multiplications, ${count(additions)} additions, ${count(shifts)} shifts; all values in ${arena} bytes`;
}

function* said({ name, compiler, images, sizes, multiplications }: TargetProof, imagesAre: string) {
  yield images === 0
    ? `${name} (${compiler}): compiled without warnings, not run`
    : `${name} (${compiler}): every logit of ${images} ${imagesAre} is that of the integer program`;
  if (sizes !== null) {
    const { code, constants, memory, stack } = sizes;
    yield `${name}: flash ${code + constants} bytes (${code} instructions, ${constants} constants), RAM ${memory + stack} bytes (${memory} static, ${stack} stack)`;
  }
  if (multiplications !== null) {
    const { looked, multiplying } = multiplications;
    const elsewhere =
      multiplying.length === 0 ? 'there are none elsewhere' : `only in ${multiplying.join(', ')}`;
    yield `${name}: no multiply instruction in the ${looked.length} functions of shifts and additions, ${elsewhere}`;
  }
}

const jsonOf = ({ targets, notes }: CProof) => ({ targets, ...(notes.length === 0 ? {} : { notes }) });
