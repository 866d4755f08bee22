/**
 * What of a training step's time goes by without a batch where the images are JPEGs in folders, too many for memory: kept
 * decoded on disk, as runs do, or decoded while training, as runs do whose disk is too small, which use a picture more often
 * where training waits for that, and stop where it waits in spite of it. The files are drawn into a temporary folder, read as `folder:` reads them, and cut to random parts of the size that is trained. The networks are of
 * small spaces, down to the smallest, so that threads have little time for a batch.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShiftAddError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { PLAIN_RECIPE, type Recipe } from '../data/augment/recipe.ts';
import type { BatchOptions } from '../data/batches.ts';
import type { ImageDataset } from '../data/dataset.ts';
import { loadSharp } from '../data/image.ts';
import { openDataset } from '../data/open.ts';
import { storePictures } from '../data/picturestore.ts';
import { type ImageBatches, imageBatches } from '../training/image-batches.ts';
import type { Measuring } from './measuring.ts';
import { CLASSES, type NetworkSizes } from './networks.ts';
import { drawnImages, FULL_RECIPE } from './recipe.ts';
import type { Row } from './row.ts';
import { untilStopped, WAITING_TIMES, type WaitingTimes, waitingRow } from './waiting.ts';

export interface DrawnFolder {
  /** Of training images. */
  readonly count: number;
  /** Pixels a side of every file. */
  readonly side: number;
}

const FOLDER: DrawnFolder = { count: 600, side: 256 };

interface DecodedCase {
  readonly id: string;
  readonly title: string;
  readonly recipe: Recipe;
}

const RECIPES: readonly DecodedCase[] = [
  {
    ...{ id: 'rand-augment', title: 'RandAugment 9' },
    recipe: { ...PLAIN_RECIPE, randAugment: FULL_RECIPE.randAugment },
  },
  { id: 'full', title: 'the full recipe', recipe: FULL_RECIPE },
];

/** Where pictures come from while a network is trained. */
const SOURCES = [
  { id: 'stored', kept: ' kept decoded', most: Number.POSITIVE_INFINITY },
  { id: 'decoding', kept: '', most: 1 }, // a disk of one byte
] as const;

/** Until a run has found out how often pictures are to be used. */
const DECODING_WARM_UP_MS = 10_000;

const SIZES: readonly NetworkSizes[] = [
  { space: 'cifar', side: 224, batch: 32 },
  { space: 'tiny', side: 224, batch: 32 },
  { space: 'micro', side: 224, batch: 32 },
  { space: 'micro', side: 64, batch: 64 },
];

export interface DecodingOptions {
  readonly folder?: DrawnFolder;
  readonly sizes?: readonly NetworkSizes[];
  readonly batchesOf?: (options: BatchOptions) => ImageBatches;
  readonly times?: WaitingTimes;
}

/** How many rows `measureDecoding` gives where it can. */
export const DECODING_ROWS = SOURCES.length * RECIPES.length * SIZES.length;

/** No rows, and a note, where sharp is not there. */
export async function measureDecoding(
  m: Measuring,
  { folder = FOLDER, sizes: wanted = SIZES, batchesOf = imageBatches, times }: DecodingOptions = {},
): Promise<Row[]> {
  const root = mkdtempSync(join(tmpdir(), 'shiftaddnas-bench-'));
  try {
    await drawJpegs(join(root, 'files'), folder);
    const rows: Row[] = [];
    const opened: { readonly sizes: NetworkSizes; readonly dataset: ImageDataset }[] = [];
    for (const sizes of wanted) {
      const options = { imageSize: sizes.side, memory: 0 };
      opened.push({ sizes, dataset: await openDataset(`folder:${join(root, 'files')}`, options) });
    }
    const cases = SOURCES.flatMap((source) =>
      opened.flatMap((one) => RECIPES.map((recipe) => ({ ...one, source, recipe }))),
    );
    for (const { source, sizes, dataset, recipe } of cases) {
      const before = rows.length;
      const progress = (done: number) => m.progress((before + done) / cases.length);
      const makeBatches = async () => {
        // a cache of its own, for what is kept already is taken
        const cache = join(root, source.id);
        const { set } = await storePictures(dataset.train, { most: source.most, cache });
        return batchesOf({
          ...{ set, normal: dataset, batchSize: sizes.batch, recipe: recipe.recipe },
          ...{ random: Random.fromSeed(3).state(), smoothing: 0.1 },
          augmentation: { mirror: true, cropPad: 0, padding: 'edge' },
        });
      };
      const files = `JPEGs of ${folder.side}x${folder.side}${source.kept}`;
      const what = {
        id: `${source.id}-${sizes.space}-${sizes.side}-${recipe.id}`,
        title: `waiting for ${files} with ${recipe.title}, all-conv of space ${sizes.space}`,
      };
      const row = await waitingRow(
        { ...m, progress },
        { ...what, sizes, batches: await makeBatches() },
        times ??
          (source.id === 'decoding' ? { ...WAITING_TIMES, warmUpMs: DECODING_WARM_UP_MS } : WAITING_TIMES),
      );
      const waits = source.id === 'decoding' && row.bars.some(({ met }) => !met);
      rows.push(
        waits ? await untilStopped(m, row, { sizes, batches: await makeBatches() }, times?.stoppedMs) : row,
      );
    }
    return rows;
  } catch (error) {
    if (!(error instanceof ShiftAddError) || error.code !== 'missing') throw error;
    m.note?.(`JPEGs that are decoded while training are not measured: ${error.message}`);
    return [];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Files of `train/` and, one a class, `test/`; slopes under noise, which take a decoder as long as photographs do or longer. */
async function drawJpegs(root: string, { count, side }: DrawnFolder): Promise<void> {
  const sharp = await loadSharp();
  const { pixels, labels } = drawnImages(count, side, CLASSES);
  const raw = { width: side, height: side, channels: 3 } as const;
  const bytes = side * side * 3;
  for (let i = 0; i < count; i++) {
    const image = sharp(pixels.subarray(i * bytes, (i + 1) * bytes), { raw });
    const file = await image.jpeg({ quality: 90 }).toBuffer();
    for (const part of i < CLASSES ? ['train', 'test'] : ['train']) {
      const place = join(root, part, `class-${labels[i]}`);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, `${i}.jpg`), file);
    }
  }
}
