/**
 * Reads the regular files of a tar archive held in memory (POSIX.1-2017, pax, "ustar interchange format"): blocks
 * of 512 bytes, a header and then the contents, padded. Names beyond 255 bytes and sparse files do not
 * occur in the archives read here and are refused by the checksum or skipped by type.
 */
import { require_ } from '../core/errors.ts';

const BLOCK = 512;

export interface TarEntry {
  readonly name: string;
  readonly contents: Uint8Array; // a view into the archive
}

/** The regular files of `archive`. Throws `data` when a header is damaged or the archive is cut off. */
export function* tarEntries(archive: Uint8Array, file: string): Generator<TarEntry> {
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const size = octal(header, 124, 12);
    require_(
      checksum(header) === octal(header, 148, 8) && Number.isSafeInteger(size),
      'data',
      () =>
        `${file}: expected a tar header at byte ${at}, but its checksum is wrong; download the archive again`,
      { file, offset: at },
    );
    const end = at + BLOCK + size;
    require_(
      end <= archive.length,
      'data',
      () =>
        `${file} is cut off: an entry ends at byte ${end}, but it holds ${archive.length}; download it again`,
      { file, expected: end, found: archive.length },
    );
    const type = header[156];
    if (type === 0 || type === 0x30) {
      const prefix = text(header, 345, 155);
      const name = text(header, 0, 100);
      yield { name: prefix === '' ? name : `${prefix}/${name}`, contents: archive.subarray(at + BLOCK, end) };
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
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
