import { expect, test } from 'vitest';
import { openTranslation } from './open.ts';
import { folderMaker } from './testing/folder.ts';

const folder = folderMaker();

/** What fairseq-preprocess --dataset-impl mmap writes (fairseq/data/indexed_dataset.py), ids of two bytes. */
function binarise(sentences: readonly (readonly number[])[]): { readonly idx: Buffer; readonly bin: Buffer } {
  const ended = sentences.map((ids) => [...ids, 2]);
  const bin = Buffer.from(Uint16Array.from(ended.flat()).buffer);
  const head = Buffer.alloc(26);
  head.write('MMIDIDX\0\0', 'latin1');
  head.writeBigUInt64LE(1n, 9);
  head[17] = 8;
  head.writeBigUInt64LE(BigInt(ended.length), 18);
  const sizes = Buffer.from(Int32Array.from(ended, (ids) => ids.length).buffer);
  let at = 0n;
  const starts = ended.map((ids) => {
    const start = at;
    at += BigInt(2 * ids.length);
    return start;
  });
  return { idx: Buffer.concat([head, sizes, Buffer.from(BigInt64Array.from(starts).buffer)]), bin };
}

const english = binarise([
  [4, 5, 6],
  [4, 3, 6],
]);
const german = binarise([
  [5, 4, 6],
  [5, 4, 6],
]);
const files = {
  'dict.en.txt': ['A 9', 'do@@ 5', 'g 3', 'madeupword0000 0'],
  'dict.de.txt': ['Hund 4', 'Ein 4', '. 3'],
  'train.en-de.en.idx': english.idx,
  'train.en-de.en.bin': english.bin,
  'train.en-de.de.idx': german.idx,
  'train.en-de.de.bin': german.bin,
  'valid.en-de.en.idx': english.idx,
  'valid.en-de.en.bin': english.bin,
  'valid.en-de.de.idx': german.idx,
  'valid.en-de.de.bin': german.bin,
};

test('ids of fairseq are read back as words: id 4 is the first line of the dictionary', async () => {
  const place = await folder({ ...files, 'test.en': ['A dog'], 'test.de': ['Ein Hund'] });
  for (const source of [`parallel:${place}`, `wmt14-ende:${place}`]) {
    const set = await openTranslation(source, { pair: 'en-de' });
    expect(set.train.from).toEqual(['A dog', 'A <unk> g']);
    expect(set.train.to).toEqual(['Ein Hund.', 'Ein Hund.']);
    for (const side of ['from', 'to'] as const) expect(set.valid[side]).toEqual(set.train[side]);
    expect(set.notes.join(' ')).toMatch(
      /train.en-de.en.bin holds ids of fairseq; they were read back as words/,
    );
  }
  const one = await openTranslation(`parallel:${place}`, { pair: 'en-de', limit: 1 });
  expect(one.train.from).toEqual(['A dog']);
});

test('another form, a cut-off file and a dictionary that does not fit are refused', async () => {
  const open = async (changed: Parameters<typeof folder>[0]) =>
    openTranslation(`parallel:${await folder({ ...files, ...changed })}`, { pair: 'en-de' });
  const old = Buffer.concat([Buffer.from('TNTIDX\0\0'), Buffer.alloc(60)]);
  await expect(open({ 'train.en-de.en.idx': old })).rejects.toThrow(
    /en.idx must begin as an index of fairseq's mmap/,
  );
  const short = english.bin.subarray(0, 10);
  await expect(open({ 'train.en-de.en.bin': short })).rejects.toThrow(
    /en.bin is cut off: sentence 2 ends at byte 16/,
  );
  const cut = english.idx.subarray(0, 40);
  await expect(open({ 'train.en-de.en.idx': cut })).rejects.toThrow(
    /50 bytes for 2 sentences, but has type 8 and 40/,
  );
  await expect(open({ 'dict.en.txt': ['A 9', 'do@@ 5'] })).rejects.toThrow(
    /sentence 1 has the id 6, but .*dict.en.txt ends with 5/,
  );
  await expect(open({ 'dict.en.txt': ['A 9', 'dog'] })).rejects.toThrow(/dict.en.txt, line 2: .*got "dog"/);
});
