/**
 * ImageNet's validation images as they are published: 50,000 files in one folder, and a table that says what they
 * show. The table read is LOC_val_solution.csv of the Kaggle edition, with lines `ILSVRC2012_val_00000001,n03995372 85
 * 1 499 272`: the image, and a synset before each box. The ground truth of the development kit is not read: it
 * numbers classes by a table that only its meta.mat holds.
 */
import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { require_, ShiftAddError } from '../core/errors.ts';
import type { ImageFile } from './decodeset.ts';

const TABLE = 'LOC_val_solution.csv';
/** Kaggle keeps the table three folders above Data/CLS-LOC/val. */
const FOLDERS_UP = 4;

/** The images `names` of the folder `place` with the classes of the table. Throws `data` without table or entry. */
export async function flatValidation(
  place: string,
  names: readonly string[],
  classes: readonly string[],
): Promise<ImageFile[]> {
  const table = await findTable(place);
  const synsets = new Map<string, string>();
  for (const line of (await readFile(table, 'utf8')).split(/\r?\n/).slice(1)) {
    const [image, boxes = ''] = line.split(',');
    if (image !== '') synsets.set(image, boxes.split(' ')[0]);
  }
  const labels = new Map(classes.map((name, label) => [name, label]));
  return names.map((name) => {
    const synset = synsets.get(name.replace(/\.[^.]*$/, ''));
    const label = synset === undefined ? undefined : labels.get(synset);
    require_(
      label !== undefined,
      'data',
      () =>
        `every image of ${place} must have a class of train/ in ${table}, but ${name} has ${synset ?? 'none'}; ` +
        `complete the table or remove the image`,
      { file: join(place, name), synset: synset ?? null },
    );
    return { file: join(place, name), label: label as number };
  });
}

async function findTable(place: string): Promise<string> {
  let folder = place;
  for (let up = 0; up <= FOLDERS_UP; up++) {
    const table = join(folder, TABLE);
    const there = await access(table).then(
      () => true,
      () => false,
    );
    if (there) return table;
    folder = dirname(folder);
  }
  throw new ShiftAddError(
    'data',
    `${place} holds images but no class folders, and ${TABLE} is neither there nor up to ${FOLDERS_UP} folders above; ` +
      `put it beside val/, or sort the images into a folder a class`,
    { file: place },
  );
}
