/**
 * The XML and SGML files of the IWSLT and WMT campaigns: one `<seg id="...">` a sentence, what else stands there
 * (talk, title, speaker) is no part of the test. And IWSLT's training files, lines of text with lines of tags between.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { TextFile } from './lines.ts';

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of the seg elements, in order. Throws `data` when there is none, or one does not end in its line. */
export function readSegments(file: TextFile): TextFile {
  const lines: string[] = [];
  for (let i = 0; i < file.lines.length; i++) {
    const line = file.lines[i];
    if (!/<seg\b/iu.test(line)) continue;
    const match = /<seg\b[^>]*>(.*)<\/seg>/iu.exec(line);
    if (match === null) {
      throw new ShiftAddError(
        'data',
        `${file.file}, line ${i + 1}: a seg element must end in the line it begins in, but this one does not; ` +
          'download the file again',
        { file: file.file, line: i + 1 },
      );
    }
    lines.push(decodeEntities(match[1].trim()));
  }
  if (lines.length === 0) {
    throw new ShiftAddError(
      'data',
      `${file.file} must hold seg elements, one a sentence, but has none; take the original XML or SGML file`,
      { file: file.file },
    );
  }
  return { ...file, lines, total: lines.length, counts: 'sentence' };
}

/**
 * The sentences of IWSLT's training files (train.tags.de-en.de): lines of text, titles and descriptions; lines of other
 * tags (url, keywords, talkid, speaker ...) say nothing that is translated. So does fairseq's prepare-iwslt14.sh.
 */
export function readTagged(file: TextFile): TextFile {
  const lines = file.lines.flatMap((line) => {
    const titled = /^<(title|description)>(.*)<\/\1>$/u.exec(line);
    if (titled !== null) return [titled[2].trim()];
    return /^<.*>$/u.test(line) ? [] : [line];
  });
  return { ...file, lines, total: lines.length, counts: 'sentence' };
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/giu, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal));
  });
}
