/**
 * The header of a safetensors file. Making one needs names, types and shapes and no values. Reading one distrusts it: every
 * offset, size and type is checked against the file before a byte of data is touched, so a cut-off or altered file is a
 * sentence and never a wrong weight.
 */
import { internal, ShiftAddError } from './errors.ts';
import { type Shape, showShape, sizeOf } from './shapes.ts';

/** What a header says of a tensor that is to be written. */
export interface TensorLayout {
  readonly shape: Shape;
  readonly type: 'float32' | 'int32';
}

/** Bytes of a file, in memory or on the disk. */
export interface Bytes {
  readonly size: number;
  /** Fills `into` with what stands from byte `from` on. */
  copy(from: number, into: Uint8Array): void;
}

export interface TensorEntry {
  readonly name: string;
  readonly dtype: 'F32' | 'I32' | 'I64';
  readonly shape: Shape;
  /** Bytes from the start of the data. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their data. */
  readonly entries: readonly TensorEntry[];
  /** Where the data starts in the file. */
  readonly start: number;
}

/** The format's own bound on the header, in bytes. */
const LARGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';

/** The bytes before the data, and the order in which tensors follow them. */
export function formatHeader(
  tensors: ReadonlyMap<string, TensorLayout>,
  metadata: Readonly<Record<string, string>>,
): { readonly bytes: Uint8Array; readonly names: readonly string[]; readonly dataBytes: number } {
  const names = [...tensors.keys()].sort();
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push([METADATA, metadata]);
  let end = 0;
  for (const name of names) {
    const { shape, type } = tensors.get(name) ?? internal(`no tensor ${name}`);
    if (name === METADATA) internal(`no tensor can be called ${name}`);
    const begin = end;
    end += sizeOf(shape) * 4;
    const dtype = type === 'int32' ? 'I32' : 'F32';
    header.push([name, { dtype, shape: [...shape], data_offsets: [begin, end] }]);
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)), 'utf8');
  const bytes = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, 0x20);
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8));
  text.copy(bytes, 8);
  return { bytes, names, dataBytes: end };
}

/** @throws ShiftAddError 'run' naming `file` and what is wrong */
export function parseHeader(bytes: Bytes, file: string): SafetensorsHeader {
  const wrong = (what: string): never => {
    throw new ShiftAddError('run', `${file} is not a sound safetensors file: ${what}`, { path: file });
  };
  if (bytes.size < 8) wrong(`it has ${bytes.size} bytes, and the header length alone takes 8`);
  const word = new DataView(new ArrayBuffer(8));
  bytes.copy(0, new Uint8Array(word.buffer));
  const length = word.getBigUint64(0, true);
  if (length > BigInt(LARGEST_HEADER)) wrong(`its header claims ${length} bytes, above ${LARGEST_HEADER}`);
  const start = 8 + Number(length);
  if (start > bytes.size) wrong(`it is cut off: the header ends at ${start}, the file at ${bytes.size}`);

  const text = new Uint8Array(start - 8);
  bytes.copy(8, text);
  const header = parseObject(text, wrong);
  const size = bytes.size - start;
  const metadata: [string, string][] = [];
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata.push(...stringsOf(value, wrong));
    else entries.push(entryOf(name, value, size, wrong));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin < end) wrong(`tensor ${entry.name} overlaps the one before it at byte ${entry.begin}`);
    if (entry.begin > end) wrong(`bytes ${end} to ${entry.begin} before tensor ${entry.name} belong to none`);
    end = entry.end;
  }
  if (end !== size) wrong(`its tensors end at byte ${end} of the data, which has ${size}`);
  return { metadata: Object.fromEntries(metadata), entries, start };
}

type Wrong = (what: string) => never;

function parseObject(bytes: Uint8Array, wrong: Wrong): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return wrong('its header is not JSON');
  }
  return isObject(header) ? header : wrong('its header is not a JSON object');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringsOf(value: unknown, wrong: Wrong): [string, string][] {
  if (!isObject(value)) return wrong('its __metadata__ is not an object of strings');
  return Object.entries(value).map(([key, text]) =>
    typeof text === 'string' ? [key, text] : wrong(`its __metadata__ entry ${key} is not a string`),
  );
}

function entryOf(name: string, value: unknown, size: number, wrong: Wrong): TensorEntry {
  if (!isObject(value)) return wrong(`tensor ${name} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F32' && dtype !== 'I32' && dtype !== 'I64') {
    return wrong(`tensor ${name} has type ${JSON.stringify(dtype)}, and only F32, I32 and I64 are read`);
  }
  if (!isSizes(shape)) return wrong(`tensor ${name} has shape ${JSON.stringify(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return wrong(`tensor ${name} has offsets ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets;
  if (end > size) wrong(`it is cut off: tensor ${name} ends at byte ${end} of the data, which has ${size}`);
  const needed = sizeOf(shape) * (dtype === 'I64' ? 8 : 4);
  if (end - begin !== needed) {
    wrong(`tensor ${name} of shape ${showShape(shape)} needs ${needed} bytes and has ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
