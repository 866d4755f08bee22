/**
 * Batches of normalised floats out of stored bytes. A batch is a function of (set, options, epoch, step) and
 * nothing else: a resumed run sees the batches an uninterrupted one would have seen, and no state is saved. Only where pictures
 * are decoded while training it is also one of how often each is used (echo.ts), which is saved.
 *
 *   bytes [h, w, c] -> crop, mirror -> RandAugment, colour jitter -> (pixel / 255 - mean) / deviation by table
 *                   -> cutout, random erasing -> mixup or cutmix with another image -> images [n, h, w, c]
 *
 * Without a recipe, crops are drawn from a batch's stream. With one, whatever happens to one image alone is drawn
 * from a stream of that image, epoch and copy, so that it does not depend on how images are put into batches.
 */
import { require_ } from '../core/errors.ts';
import { Random, type RandomState } from '../core/random.ts';
import { erase } from './augment/erasing.ts';
import { colourJitter } from './augment/jitter.ts';
import { applyMix, drawMix } from './augment/mix.ts';
import type { Picture } from './augment/picture.ts';
import { PlainPicture } from './augment/plain-picture.ts';
import { randAugment } from './augment/randaugment.ts';
import { checkRecipe, isPlain, PLAIN_RECIPE, type Recipe } from './augment/recipe.ts';
import { WasmPicture } from './augment/wasm-picture.ts';
import {
  type Augmentation,
  checkAugmentation,
  drawPlacement,
  NO_AUGMENTATION,
  type Placement,
} from './augment.ts';
import { decodedBytes } from './crops.ts';
import type { ImageDataset, ImageSet } from './dataset.ts';
import { checkUses, type Echo, type EchoShape, echoDistance, echoed } from './echo.ts';

export interface BatchOptions {
  readonly set: ImageSet;
  /** Classes, mean and deviation: usually the data set's. */
  readonly normal: Pick<ImageDataset, 'classes' | 'mean' | 'deviation'>;
  readonly batchSize: number;
  /** The images used, by index; all when absent. */
  readonly indices?: ArrayLike<number> | undefined;
  /** Where order and augmentation come from; absent: stored order, no augmentation. */
  readonly random?: RandomState | undefined;
  readonly augmentation?: Augmentation | undefined;
  /** Stronger changes; they need `random`, and batches that are all full. */
  readonly recipe?: Recipe | undefined;
  /** Share of the target taken from the right class and spread over all classes. Default 0. */
  readonly smoothing?: number | undefined;
  /**
   * In how many batches a picture is used that is decoded while training; left out: once, and more often where training waits
   * too long for them (`mostWaiting` of its files).
   */
  readonly uses?: number | undefined;
  /** Whether a last batch that is not full counts. Default: only in stored order. */
  readonly keepPartial?: boolean | undefined;
}

/** Memory for a full batch. */
export interface BatchMemory {
  readonly images: Float32Array; // [count, h, w, c]
  readonly targets: Float32Array; // [count, classes], each row sums to 1
  readonly labels: Uint16Array; // [count]
}

/** Views into the memory it was made in: the next batch overwrites them. */
export interface Batch extends BatchMemory {
  readonly count: number;
}

/** An image of a batch whose set is decoded while training. */
export interface BatchItem {
  /** Its place among the images used. */
  readonly at: number;
  /** Where the part of it that is seen is drawn from; undefined: the middle. */
  readonly random: Random | undefined;
  /** Along the order in which pictures are decoded; see echo.ts. */
  readonly position: number;
}

/** An image of a batch, the order that it comes from, and which copy of it. */
interface Draw extends Pick<BatchItem, 'at' | 'position'> {
  readonly order: number;
  readonly copy: number;
}

/** Orders that are kept: echoed batches reach back into the one before. */
const ORDERS = 3;

/** The images of one batch. */
export interface DecodedBatch {
  readonly pixels: Uint8Array; // [count, height, width, channels]
  /** Which images of the set they are; fewer than were asked for where some are left out. */
  readonly indices: ArrayLike<number>;
}

export class BatchMaker {
  /** Images gone through in one epoch. */
  readonly count: number;
  readonly stepsPerEpoch: number;
  readonly classes: number;
  /** Whether every batch has `batchSize` images. */
  readonly full: boolean;
  private readonly options: BatchOptions;
  private readonly augmentation: Augmentation;
  /** Undefined when it changes nothing. */
  private readonly recipe: Recipe | undefined;
  /** Mean colour in bytes: what stands where a shifted image ends. */
  private readonly meanColour: readonly number[];
  /** The images used, by index. */
  readonly indices: ArrayLike<number>;
  private readonly random: Random | undefined;
  private readonly table: Float32Array; // [c, 256] byte to normalised value
  /** Bytes of one image, cropped and mirrored: what operations start from. */
  private readonly placed: Picture;
  private readonly padding: 'black' | 'edge';
  private readonly own: BatchMemory;
  /** Where the batch goes that is being made. */
  private out: BatchMemory;
  /** The last orders that were asked for, by epoch. */
  private readonly orders = new Map<number, Uint32Array>();
  /** Different images of a batch, and the batches between two uses of one. */
  readonly echoShape: EchoShape;
  private readonly echoes: Echo[] = [];
  private readonly placement: Placement = { mirrored: false, top: 0, left: 0, cutRow: 0, cutColumn: 0 };

  /** Throws `usage` for a batch larger than the set (when partial batches do not count), or options out of range. */
  constructor(options: BatchOptions) {
    const { set, normal, batchSize, random, smoothing = 0 } = options;
    this.options = options;
    this.augmentation = options.augmentation ?? NO_AUGMENTATION;
    checkAugmentation(this.augmentation);
    this.padding = this.augmentation.padding ?? 'black';
    this.indices = options.indices ?? Uint32Array.from({ length: set.count }, (_, i) => i);
    this.random = random && new Random(random);
    this.classes = normal.classes.length;
    this.count = this.indices.length;
    const keepPartial = options.keepPartial ?? random === undefined;
    this.full = !keepPartial;
    this.stepsPerEpoch = keepPartial ? Math.ceil(this.count / batchSize) : Math.floor(this.count / batchSize);
    require_(
      Number.isInteger(batchSize) && batchSize > 0 && this.stepsPerEpoch > 0,
      'usage',
      () =>
        `the batch size must be between 1 and the ${this.count} images used, but is ${batchSize}; change it`,
      { batchSize, count: this.count },
    );
    require_(
      smoothing >= 0 && smoothing < 1,
      'usage',
      () => `label smoothing must be at least 0 and below 1, but is ${smoothing}; change it`,
      { smoothing },
    );
    const recipe = options.recipe ?? PLAIN_RECIPE;
    checkRecipe(recipe, batchSize);
    checkUses(options.uses ?? 1, batchSize / recipe.repeats);
    this.recipe = isPlain(recipe) ? undefined : recipe;
    this.meanColour = normal.mean.map((mean) => Math.round(mean * 255));
    require_(
      this.recipe === undefined || (random !== undefined && !keepPartial),
      'usage',
      'augmentation needs a random order and full batches; give `random` and leave out `keepPartial`',
    );
    const pixels = set.height * set.width * set.channels;
    const distinct = batchSize / (this.recipe?.repeats ?? 1);
    const bytes = decodedBytes(set);
    this.echoShape = { distinct, distance: echoDistance(distinct, { count: this.count, bytes }) };
    const { height, width, channels } = set;
    this.placed = pictureOf(height, width, channels);
    this.own = {
      images: new Float32Array(batchSize * pixels),
      targets: new Float32Array(batchSize * this.classes),
      labels: new Uint16Array(batchSize),
    };
    this.out = this.own;
    this.table = normalisingTable(normal.mean, normal.deviation);
  }

  /** Uses each picture more than once from a step on; later than those before. */
  echo(echo: Echo): void {
    this.echoes.push(echo);
  }

  /** Position of the first image of batch `step`, counted over all epochs, where each is used once. */
  newAt(step: number): number {
    const { stepsPerEpoch, echoShape } = this;
    return Math.floor(step / stepsPerEpoch) * this.count + (step % stepsPerEpoch) * echoShape.distinct;
  }

  /** Images of batch `step`: all but perhaps the last are full. */
  sizeOf(step: number): number {
    return Math.min(this.options.batchSize, this.count - step * this.options.batchSize);
  }

  /** What batch `step` of `epoch` holds, in order. */
  items(epoch: number, step: number): BatchItem[] {
    return this.draws(epoch, step, this.sizeOf(step)).map((draw) => ({
      ...{ at: draw.at, position: draw.position, random: this.imageRandom(draw) },
    }));
  }

  private draws(epoch: number, step: number, count: number): Draw[] {
    const { batchSize } = this.options;
    const repeats = this.recipe?.repeats ?? 1;
    const distinct = count / repeats;
    const start = (step * batchSize) / repeats;
    const permutation = this.permutation(epoch);
    const inAll = epoch * this.stepsPerEpoch + step;
    const echo = this.echoes.findLast((each) => each.step <= inAll);
    return Array.from({ length: count }, (_, i) => {
      const copy = Math.floor(i / distinct);
      const place = start + (i % distinct);
      if (echo === undefined) {
        const at = permutation === undefined ? place : permutation[place];
        return { at, order: epoch, copy, position: epoch * this.count + place };
      }
      const { position, before } = echoed(echo, inAll, i % distinct, this.echoShape);
      const order = Math.floor(position / this.count);
      const at = this.permutation(order)![position % this.count];
      return { at, order, copy: before * repeats + copy, position };
    });
  }

  /**
   * Batch `step` (from 0) of `epoch` (from 0), in memory of the maker or in that of `out`. The images of a set that is
   * decoded while training are given in `decoded`, and are as many as the batch then has.
   */
  batch(epoch: number, step: number, out: BatchMemory = this.own, decoded?: DecodedBatch): Batch {
    const { set, smoothing = 0 } = this.options;
    require_(
      step >= 0 && step < this.stepsPerEpoch,
      'usage',
      () => `an epoch has steps 0 to ${this.stepsPerEpoch - 1}, but step ${step} was asked for`,
      { step, steps: this.stepsPerEpoch },
    );
    const count = decoded === undefined ? this.sizeOf(step) : decoded.indices.length;
    const draws = this.draws(epoch, step, count);
    const random = this.random?.split(`epoch:${epoch}`).split(`step:${step}`);
    const pixels = set.height * set.width * set.channels;
    this.out = out;
    const { images, targets, labels } = out;
    targets.fill(smoothing / this.classes);
    for (let i = 0; i < count; i++) {
      const index = decoded === undefined ? this.indices[draws[i].at] : decoded.indices[i];
      const source = decoded === undefined ? set.pixels : decoded.pixels;
      const from = (decoded === undefined ? index : i) * pixels;
      if (this.recipe !== undefined) {
        this.augment(this.recipe, source, from, i * pixels, this.imageRandom(draws[i]));
      } else {
        if (random !== undefined) {
          drawPlacement(this.augmentation, set.height, set.width, random, this.placement);
        }
        this.placed.place(source, from, this.placement, this.padding);
        this.placed.normalise(this.table, images, i * pixels);
        this.cut(i * pixels);
      }
      labels[i] = set.labels[index];
      targets[i * this.classes + set.labels[index]] += 1 - smoothing;
    }
    if (this.recipe !== undefined) this.mix(this.recipe, epoch, step, count);
    return {
      count,
      images: images.subarray(0, count * pixels),
      targets: targets.subarray(0, count * this.classes),
      labels: labels.subarray(0, count),
    };
  }

  private permutation(epoch: number): Uint32Array | undefined {
    if (this.random === undefined) return undefined;
    let order = this.orders.get(epoch);
    if (order === undefined) {
      order = this.random.split(`order:${epoch}`).permutation(this.count);
      this.orders.set(epoch, order);
      const [oldest] = this.orders.keys();
      if (this.orders.size > ORDERS) this.orders.delete(oldest);
    }
    return order;
  }

  private imageRandom({ at, order, copy }: Draw): Random | undefined {
    return this.random
      ?.split('augment')
      .split(`epoch:${order}`)
      .split(`image:${this.indices[at]}`)
      .split(`copy:${copy}`);
  }

  /** The image at pixels[from...] with all that a recipe does to it alone, to images[at...]. */
  private augment(
    recipe: Recipe,
    source: Uint8Array,
    from: number,
    at: number,
    random: Random | undefined,
  ): void {
    if (random === undefined) return;
    const { height, width, channels } = this.options.set;
    drawPlacement(this.augmentation, height, width, random, this.placement);
    this.placed.place(source, from, this.placement, this.padding);
    if (recipe.randAugment > 0) {
      randAugment(this.placed, recipe.randAugment, this.meanColour, random.split('randaugment'));
    }
    if (recipe.jitter > 0) colourJitter(this.placed, recipe.jitter, random.split('jitter'));
    this.placed.normalise(this.table, this.out.images, at);
    this.cut(at);
    const shape = [height, width, channels] as const;
    erase(this.out.images, at, shape, recipe.erasing, random.split('erasing'));
  }

  /** A batch's own stream, for a mix is a matter of the whole batch. */
  private mix(recipe: Recipe, epoch: number, step: number, count: number): void {
    const random = this.random?.split('mix').split(`epoch:${epoch}`).split(`step:${step}`);
    if (random === undefined) return;
    const { height, width, channels } = this.options.set;
    const drawn = drawMix(recipe, height, width, random);
    if (drawn === undefined) return;
    const { images, targets } = this.out;
    applyMix(drawn, images, targets.subarray(0, count * this.classes), count, [height, width, channels]);
  }

  private cut(at: number): void {
    const { cutout: side = 0 } = this.augmentation;
    if (this.random === undefined || side === 0) return;
    const { height, width, channels } = this.options.set;
    const top = Math.max(0, this.placement.cutRow - (side >> 1));
    const bottom = Math.min(height, this.placement.cutRow - (side >> 1) + side);
    const left = Math.max(0, this.placement.cutColumn - (side >> 1));
    const right = Math.min(width, this.placement.cutColumn - (side >> 1) + side);
    for (let row = top; row < bottom; row++) {
      const line = at + row * width * channels;
      this.out.images.fill(0, line + left * channels, line + right * channels); // 0 is the mean after normalising
    }
  }
}

/** [channels, 256]: (byte / 255 - mean) / deviation; a channel that never varies is only shifted. */
export function normalisingTable(mean: readonly number[], deviation: readonly number[]): Float32Array {
  const table = new Float32Array(mean.length * 256);
  for (let c = 0; c < mean.length; c++) {
    const scale = deviation[c] > 0 ? 1 / deviation[c] : 1;
    for (let value = 0; value < 256; value++) table[c * 256 + value] = (value / 255 - mean[c]) * scale;
  }
  return table;
}

/** Bytes [n, h, w, c] normalised as batches are: for images that are in no set. */
export function normalise(
  pixels: Uint8Array,
  normal: Pick<ImageDataset, 'mean' | 'deviation'>,
): Float32Array {
  const table = normalisingTable(normal.mean, normal.deviation);
  const channels = normal.mean.length;
  return Float32Array.from(pixels, (value, i) => table[(i % channels) * 256 + value]);
}

/** The quickest picture there is here. */
function pictureOf(height: number, width: number, channels: number): Picture {
  return WasmPicture.make(height, width, channels) ?? new PlainPicture(height, width, channels);
}
