/** Text of bytes that must be UTF-8; bytes that are not are refused with file and line. */
import { ShiftAddError } from '../../core/errors.ts';

const NEWLINE = 0x0a;
// A byte order mark stays: whoever reads a file says what becomes of it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `title`: what messages call `file`; `first`: number of the bytes' first line. Throws 'data'. */
export function decodeUtf8(
  bytes: Uint8Array,
  file: string,
  { title = file, first = 1 }: { readonly title?: string; readonly first?: number } = {},
): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    const line = first + linesBefore(bytes);
    throw new ShiftAddError(
      'data',
      `line ${line} of ${title} must be UTF-8, but is not; convert the text, for instance with iconv -t UTF-8`,
      { file, line },
      cause,
    );
  }
}

/** Lines before the first that is not UTF-8. No character of UTF-8 but the line end itself holds the byte of a line end. */
function linesBefore(bytes: Uint8Array): number {
  for (let line = 0, start = 0; ; line++) {
    const next = bytes.indexOf(NEWLINE, start);
    const end = next < 0 ? bytes.length : next;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
}
