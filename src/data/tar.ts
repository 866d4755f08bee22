/**
 * Reads the regular files of a tar archive as it streams by (POSIX.1-2017, pax, "ustar interchange format"): blocks
 * of 512 bytes, a header and then the contents, padded. Names beyond 255 bytes and sparse files do not
 * occur in the archives read here and are refused by the checksum or skipped by type.
 */
import { require_, ShiftAddError } from '../core/errors.ts';

const BLOCK = 512;

export interface TarEntry {
  readonly name: string;
  readonly size: number;
  /** To be read before the next entry is asked for; what is left then is skipped. */
  readonly contents: AsyncIterable<Uint8Array>;
}

/** The regular files of the archive. Throws `data` when a header is damaged or the archive is cut off. */
export async function* tarEntries(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<TarEntry> {
  const bytes = new ByteStream(chunks, file);
  for (;;) {
    const at = bytes.offset;
    const header = await bytes.block(BLOCK);
    if (header.length < BLOCK || header.every((byte) => byte === 0)) return;
    const size = octal(header, 124, 12);
    require_(
      checksum(header) === octal(header, 148, 8) && Number.isSafeInteger(size),
      'data',
      () =>
        `${file}: expected a tar header at byte ${at}, but its checksum is wrong; download the archive again`,
      { file, offset: at },
    );
    const end = at + BLOCK + size;
    const type = header[156];
    if (type === 0 || type === 0x30) {
      const prefix = text(header, 345, 155);
      const name = text(header, 0, 100);
      yield { name: prefix === '' ? name : `${prefix}/${name}`, size, contents: bytes.until(end) };
    }
    await bytes.skip(end);
    await bytes.skip(at + BLOCK + Math.ceil(size / BLOCK) * BLOCK, true);
  }
}

/** The bytes of a stream, taken by offset. */
class ByteStream {
  /** Of the next byte. */
  offset = 0;
  private readonly chunks: AsyncIterator<Uint8Array>;
  private readonly file: string;
  private rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>, file: string) {
    this.chunks = chunks[Symbol.asyncIterator]();
    this.file = file;
  }

  /** At most `length` bytes, as they lie; none at the end. */
  private async some(length: number): Promise<Uint8Array> {
    while (this.rest.length === 0) {
      const next = await this.chunks.next();
      if (next.done) return this.rest;
      this.rest = next.value;
    }
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(taken.length);
    this.offset += taken.length;
    return taken;
  }

  /** `length` bytes, or fewer at the end. */
  async block(length: number): Promise<Uint8Array> {
    const block = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const bytes = await this.some(length - filled);
      if (bytes.length === 0) break;
      block.set(bytes, filled);
      filled += bytes.length;
    }
    return block.subarray(0, filled);
  }

  /** The bytes before `end`. Throws `data` when the stream ends before. */
  async *until(end: number): AsyncGenerator<Uint8Array> {
    while (this.offset < end) {
      const bytes = await this.some(end - this.offset);
      if (bytes.length === 0) throw this.cutOff(end);
      yield bytes;
    }
  }

  async skip(end: number, mayEnd = false): Promise<void> {
    while (this.offset < end) {
      const bytes = await this.some(end - this.offset);
      if (bytes.length > 0) continue;
      if (mayEnd) return;
      throw this.cutOff(end);
    }
  }

  private cutOff(end: number): ShiftAddError {
    return new ShiftAddError(
      'data',
      `${this.file} is cut off: an entry ends at byte ${end}, but it holds ${this.offset}; download it again`,
      { file: this.file, expected: end, found: this.offset },
    );
  }
}

function text(header: Uint8Array, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, offset: number, length: number): number {
  return Number.parseInt(text(header, offset, length).trim() || '0', 8);
}

/** Sum of the header's bytes with the checksum field read as spaces. */
function checksum(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : header[i];
  return sum;
}
