/** A few sentence pairs as files, so that a run over them takes seconds: the sets of `numbers` would take most of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTranslation } from '../../data/text/open.ts';

const PAIRS = { train: 200, valid: 20, test: 20 } as const;

/** Writes English and German files into `dir`; returns the name `--data` takes. */
export async function writeTinyPairs(dir: string): Promise<string> {
  const set = await openTranslation('numbers', { pair: 'en-de', seed: 1, limit: PAIRS.train });
  mkdirSync(dir, { recursive: true });
  for (const part of ['train', 'valid', 'test'] as const) {
    const { from, to } = set[part];
    writeFileSync(join(dir, `${part}.en`), `${from.slice(0, PAIRS[part]).join('\n')}\n`);
    writeFileSync(join(dir, `${part}.de`), `${to.slice(0, PAIRS[part]).join('\n')}\n`);
  }
  return `parallel:${dir}`;
}
