/** `subwords.json`: how sentences become subwords, kept with every run and every trained translator. */
import fs from 'node:fs';
import { ShiftAddError } from '../../core/errors.ts';
import { readSubwordModel } from '../../data/text/model.ts';
import { Subwords } from '../../data/text/subwords.ts';

export const SUBWORDS = 'subwords.json';

/** What the file holds. */
export const subwordsText = (subwords: Subwords): string => `${JSON.stringify(subwords.model)}\n`;

/** Reads a file of subwords, of a run or given. Throws 'data' for one that is damaged. */
export function openSubwords(file: string): Subwords {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ShiftAddError('data', `${file} cannot be read; name a file of subwords`, { file }, cause);
  }
  return new Subwords(readSubwordModel(text, file));
}
