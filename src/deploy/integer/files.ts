/**
 * A program as a folder: program.json and weights.bin. The first holds the SHA-256 of the second, and of itself without
 * that line, so no damage goes unseen; whatever is wrong is said when the folder is opened.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { diskError, writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { checkProgram } from './check.ts';
import type { IntegerProgram } from './program.ts';
import { FORMAT, fileSchema, type ProgramFile, SCHEMA } from './schema.ts';
import { decodeTensor, encodeTensors, endOf } from './tensors.ts';

export const PROGRAM_FILE = 'program.json';
export const WEIGHTS_FILE = 'weights.bin';

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Of what a file says, its own checksum left out; white space does not matter. */
function checksumOf(file: object): string {
  return sha256(JSON.stringify({ ...file, checksum: undefined }));
}

/** Both files' contents, by name. */
export function encodeProgram(program: IntegerProgram): ReadonlyMap<string, Uint8Array> {
  checkProgram(program);
  const { network, classes, values, operations } = program;
  const { bytes, placed } = encodeTensors(program.tensors);
  const file = {
    ...{ format: FORMAT, schema: SCHEMA, network, classes, values, operations, tensors: placed },
    weights: { file: WEIGHTS_FILE, bytes: bytes.length, sha256: sha256(bytes) },
  };
  const text = `${JSON.stringify({ ...file, checksum: checksumOf(file) }, null, 1)}\n`;
  return new Map([
    [WEIGHTS_FILE, bytes],
    [PROGRAM_FILE, Buffer.from(text, 'utf8')],
  ]);
}

/** Weights first: a folder whose program.json is there is complete. @throws ShiftAddError 'disk' */
export function writeProgram(dir: string, program: IntegerProgram): void {
  const files = encodeProgram(program);
  try {
    fs.mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw diskError(error, dir);
  }
  for (const [name, bytes] of files) writeFileAtomic(join(dir, name), bytes);
}

export const isProgramFolder = (dir: string): boolean => fs.existsSync(join(dir, PROGRAM_FILE));

/** @throws ShiftAddError 'run' when files are missing, damaged, of something else, or of a newer version */
export function readProgram(dir: string): IntegerProgram {
  const path = join(dir, PROGRAM_FILE);
  const text = Buffer.from(bytesOf(path)).toString('utf8');
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    return refuse(path, 'it is damaged: no JSON can be read from it', cause);
  }
  const file = fileOf(raw, path);
  const bytes = bytesOf(join(dir, WEIGHTS_FILE));
  return decodeProgram(file, bytes, dir);
}

/** A program of the contents of its two files; `name` for messages. */
export function decodeProgram(file: ProgramFile, bytes: Uint8Array, name: string): IntegerProgram {
  const { weights, network, classes, values, operations } = file;
  if (bytes.length !== weights.bytes) {
    refuse(name, `${WEIGHTS_FILE} has ${bytes.length} bytes where ${weights.bytes} belong to the program`);
  }
  if (sha256(bytes) !== weights.sha256) {
    refuse(name, `${WEIGHTS_FILE} is damaged or of another program: its SHA-256 is not the one noted`);
  }
  const tensors = new Map(
    Object.entries(file.tensors).map(([tensor, placed]) => {
      if (endOf(placed) > bytes.length) refuse(name, `the tensor ${tensor} ends behind ${WEIGHTS_FILE}`);
      return [tensor, decodeTensor(bytes, placed)];
    }),
  );
  const program = { network, classes, values, operations, tensors };
  checkProgram(program);
  return program;
}

/** What program.json holds, once it is parsed. @throws ShiftAddError 'run' */
export function fileOf(raw: unknown, path: string): ProgramFile {
  if (typeof raw !== 'object' || raw === null || (raw as ProgramFile).format !== FORMAT) {
    refuse(path, `it is no integer program: "format" is not "${FORMAT}"`);
  }
  const { schema, checksum } = raw as ProgramFile;
  if (schema !== SCHEMA) {
    refuse(path, `it has version ${schema} of the format, and this version of shiftaddnas reads ${SCHEMA}`);
  }
  if (checksum !== checksumOf(raw))
    refuse(path, 'it was changed or damaged: its checksum is not the one noted');
  const parsed = fileSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(path, `${issue.path.join('.')}: ${issue.message}`);
}

function bytesOf(path: string): Uint8Array {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') refuse(path, 'it is not there', error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new ShiftAddError('run', `cannot read ${path}: ${reason}`, { path }, error);
  }
}

function refuse(path: string, what: string, cause?: unknown): never {
  throw new ShiftAddError(
    'run',
    `${path} cannot be used: ${what}; export the network again`,
    { path },
    cause,
  );
}
