/** Puts the study's section into a document: between its markers, or at the end of one that has none. */
import fs from 'node:fs';
import { writeFileAtomic } from '../../core/atomic.ts';

const OPENING = '<!-- study: written by npm run study -- images; do not edit -->';
const CLOSING = '<!-- end of study -->';

/** The document with its section replaced. Text outside the markers stays as it is. */
export function withSection(document: string, section: string): string {
  const block = `${OPENING}\n${section}${CLOSING}`;
  const start = document.indexOf(OPENING);
  const end = document.indexOf(CLOSING, start);
  if (start < 0 || end < 0) return `${document === '' ? '' : `${document.trimEnd()}\n\n`}${block}\n`;
  return `${document.slice(0, start)}${block}${document.slice(end + CLOSING.length)}`;
}

export function writeSection(path: string, section: string): void {
  const document = fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '';
  const changed = withSection(document, section);
  if (changed !== document) writeFileAtomic(path, changed);
}
