/**
 * Images a second of each augmentation on one core, and what of a training step's time goes by without a batch to
 * train on while threads make them, of images in memory and of JPEGs.
 */
import type { Recipe } from '../data/augment/recipe.ts';
import { BatchMaker } from '../data/batches.ts';
import { imageBatches } from '../training/image-batches.ts';
import { DECODING_ROWS, measureDecoding } from './decoding.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { BATCH, CLASSES, type NetworkSizes } from './networks.ts';
import { FULL_RECIPE, recipeOptions } from './recipe.ts';
import type { Row } from './row.ts';
import { burst, median, sleep } from './timing.ts';
import { waitingRow } from './waiting.ts';

const SIDE = 32;

interface RecipeCase {
  readonly id: string;
  readonly title: string;
  readonly recipe: Partial<Recipe>;
}

const { randAugment, jitter, erasing, mixup, cutmix } = FULL_RECIPE;

const RECIPES: readonly RecipeCase[] = [
  { id: 'plain', title: 'crop, mirror, normalise', recipe: {} },
  { id: 'rand-augment', title: 'and RandAugment 9', recipe: { randAugment } },
  { id: 'jitter', title: 'and colour jitter 0.4', recipe: { jitter } },
  { id: 'erasing', title: 'and random erasing 0.25', recipe: { erasing } },
  { id: 'mixing', title: 'and mixup 0.8 or cutmix 1', recipe: { mixup, cutmix } },
  { id: 'full', title: 'the full recipe', recipe: FULL_RECIPE },
];

/** The spaces whose all-convolution networks are trained, the quickest last. */
const SPACES: readonly string[] = ['cifar', 'tiny', 'micro'];

export async function measureData(m: Measuring): Promise<Row[]> {
  const trainings = SPACES.length + DECODING_ROWS;
  const stages = RECIPES.length + trainings * 6;
  const recipes = await measureRecipes({
    ...m,
    progress: (done) => m.progress((done * RECIPES.length) / stages),
  });
  const rows = [...recipes];
  for (const [i, space] of SPACES.entries()) {
    const sizes = { space, side: SIDE, batch: BATCH };
    const progress = (done: number) => m.progress((RECIPES.length + (i + done) * 6) / stages);
    rows.push(await measureWaiting({ ...m, progress }, sizes));
  }
  const progress = (done: number) =>
    m.progress((RECIPES.length + (SPACES.length + done * DECODING_ROWS) * 6) / stages);
  return [...rows, ...(await measureDecoding({ ...m, progress }))];
}

/** Microseconds an image, on the thread that trains. */
async function measureRecipes(m: Measuring): Promise<Row[]> {
  const makers = RECIPES.map(
    ({ recipe }) => new BatchMaker(recipeOptions(recipe, { side: SIDE, batch: BATCH, classes: CLASSES })),
  );
  const series = RECIPES.map(() => [] as number[]);
  for (let round = 0; round < m.rounds; round++) {
    for (const [i, maker] of makers.entries()) {
      stopIfAsked(m);
      // a burst goes through an epoch, so that what was drawn is the same in every round
      const epoch = () => {
        for (let step = 0; step < maker.stepsPerEpoch; step++) maker.batch(round, step);
      };
      series[i].push((1e3 * (await burst(epoch))) / (maker.stepsPerEpoch * BATCH));
      m.progress((round * makers.length + i + 1) / (m.rounds * makers.length));
    }
    await sleep(0);
  }
  return RECIPES.map(({ id, title }, i): Row => {
    const best = Math.min(...series[i]);
    return {
      ...{ group: 'data', id, title, shape: `${SIDE}x${SIDE}x3, one thread`, unit: 'us' },
      ...{ best, median: median(series[i]), rate: { value: 1e6 / best, unit: 'images/s' }, bars: [] },
    };
  });
}

/** Training on batches with the full recipe, of images in memory. */
export function measureWaiting(
  m: Measuring,
  sizes: NetworkSizes,
  times?: { readonly warmUpMs: number; readonly trainedMs: number },
): Promise<Row> {
  const batches = imageBatches(recipeOptions(FULL_RECIPE, { ...sizes, classes: CLASSES }));
  const title = `waiting for data, all-conv of space ${sizes.space}`;
  return waitingRow(m, { id: `waiting-${sizes.space}`, title, sizes, batches }, times);
}
