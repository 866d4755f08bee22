/**
 * Text that fairseq-preprocess has turned into ids, read back as words: the form in which HAT publishes its WMT
 * sets. A file of a language has three parts:
 *
 *   train.en-de.en.idx   MMIDIDX | version 1 | type of an id | n | sizes int32[n] | bytes before each int64[n]
 *   train.en-de.en.bin   the ids of all sentences, each ended by EOS
 *   dict.en.txt          the word of id 4 in its first line, and so on
 */
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { require_, ShiftAddError } from '../../core/errors.ts';
import { readBytes } from '../bytes.ts';
import { readLines, stripSpaces, type TextFile } from './lines.ts';
import { EOS, FIRST_SUBWORD, UNK } from './special.ts';

const MAGIC = 'MMIDIDX\0\0';
const HEADER = 9 + 8 + 1 + 8;

/** Bytes of an id, by the code of its type in the index. */
const WIDTHS = new Map([
  [4, 4],
  [8, 2],
  [9, 4],
]);

/**
 * The first `limit` sentences of `file` (its .bin), words between spaces; a word that fairseq did not know is <unk>.
 * Throws `data` for another form, a damaged index, and ids that dict.LANGUAGE.txt does not have.
 */
export async function readBinarised(
  file: string,
  language: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<TextFile> {
  const words = await readDictionary(join(dirname(file), `dict.${language}.txt`));
  const index = file.replace(/\.bin$/u, '.idx');
  const head = buffer(await readBytes(index));
  require_(
    head.toString('latin1', 0, 9) === MAGIC && head.readBigUInt64LE(9) === 1n,
    'data',
    () =>
      `${index} must begin as an index of fairseq's mmap form, but does not; preprocess with --dataset-impl mmap`,
    { file: index },
  );
  const width = WIDTHS.get(head[17]);
  const count = Number(head.readBigUInt64LE(18));
  require_(
    width !== undefined && head.length === HEADER + 12 * count,
    'data',
    () =>
      `${index} must hold ids of type 4, 8 or 9 and ${HEADER + 12 * count} bytes for ${count} sentences, but has type ` +
      `${head[17]} and ${head.length} bytes; preprocess or download it again`,
    { file: index, type: head[17], bytes: head.length },
  );
  const wanted = Math.min(count, limit);
  const sizeOf = (i: number) => head.readInt32LE(HEADER + 4 * i);
  const startOf = (i: number) => Number(head.readBigInt64LE(HEADER + 4 * count + 8 * i));
  const ids = await readStart(file, wanted === 0 ? 0 : startOf(wanted - 1) + sizeOf(wanted - 1) * width);
  const lines: string[] = [];
  for (let i = 0; i < wanted; i++) {
    const size = sizeOf(i);
    const start = startOf(i);
    require_(
      size >= 0 && start >= 0 && start + size * width <= ids.length,
      'data',
      () =>
        `${file} is cut off: sentence ${i + 1} ends at byte ${start + size * width}, but it holds ${ids.length}`,
      { file, sentence: i + 1, bytes: ids.length },
    );
    const sentence: string[] = [];
    for (let k = 0; k < size; k++) {
      const id = width === 2 ? ids.readUInt16LE(start + 2 * k) : ids.readInt32LE(start + 4 * k);
      if (id === EOS) continue;
      const word = id === UNK ? '<unk>' : words[id - FIRST_SUBWORD];
      require_(
        word !== undefined,
        'data',
        () =>
          `${file}, sentence ${i + 1} has the id ${id}, but ${basename(dirname(file))}/dict.${language}.txt ends ` +
          `with ${FIRST_SUBWORD + words.length - 1}; take both from the same release`,
        { file, sentence: i + 1, id },
      );
      sentence.push(word);
    }
    lines.push(sentence.join(' '));
  }
  return {
    file,
    lines,
    total: count,
    counts: 'sentence',
    notes: [`${file} holds ids of fairseq; they were read back as words.`],
  };
}

async function readDictionary(file: string): Promise<string[]> {
  const { lines } = await readLines(file, undefined, stripSpaces);
  return lines
    .filter((line) => line !== '')
    .map((line, i) => {
      const match = /^([^ ]+) \d+$/u.exec(line);
      if (match !== null) return match[1];
      throw new ShiftAddError(
        'data',
        `${file}, line ${i + 1}: a dictionary of fairseq has a word and its count a line, but got "${line}"`,
        { file, line: i + 1 },
      );
    });
}

/** At most the first `length` bytes: the ids of a whole corpus need not be read for its first sentences. */
async function readStart(file: string, length: number): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const bytes = Buffer.alloc(Math.min(length, (await handle.stat()).size));
      let filled = 0;
      for (let read = 1; read > 0 && filled < bytes.length; filled += read) {
        read = (await handle.read(bytes, filled, Math.min(bytes.length - filled, 2 ** 30), filled)).bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new ShiftAddError(
      'data',
      `${file} could not be read (${reason}); check that it exists and that you may read it`,
      { file, reason },
      cause,
    );
  }
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
