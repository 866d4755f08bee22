/**
 * Pictures of a set that is too large for memory, decoded once and kept on disk: reading a part of one takes a small part
 * of the time of decoding it again, which in every epoch would cost training more than some networks do. What is kept are
 * the bytes that decoding gives, so batches are the same with and without.
 *
 *   CACHE/decoded/KEY/   pixels   [height, width, 3] of one picture behind the other
 *                        sizes    [count, 2] uint32: height and width; 0, 0 for one that cannot be read
 *                        part     the same of those that are in `pixels` so far: a killed process is gone on from
 *                        lock     the process that writes
 *
 * `sizes` appears when all is written and flushed; KEY is made of names, sizes and times of the files.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, flushFolder, writeAll } from '../core/atomic.ts';
import { ShiftAddError } from '../core/errors.ts';
import { acquireLock, type Lock } from '../core/lock.ts';
import type { Size, Window } from './crops.ts';
import type { ImageFiles, ImageSet } from './dataset.ts';
import { cacheFolder, type Progress } from './download.ts';
import { decodeForParts, loadSharp } from './image.ts';

/** Counts up when what is kept of the same files changes. */
const VERSION = 1;
const AT_ONCE = 8;
/** Pictures between two flushes. */
const FLUSH = 128;
/** Pictures that tell how much all will take. */
const SAMPLE = 64;
/** Part of the free disk that is used at most. */
const SHARE_OF_FREE = 0.5;
const LOOK_MS = 500;
/** Share of its time that training may wait for pictures that are not kept because there is no room. */
const MOST_WAITING = 0.03;

export interface StoreOptions {
  /** Bytes that may be kept; 0 for none, whether training waits for its pictures or not. */
  readonly most: number;
  /** Whether it may wait too where there is no room for them. */
  readonly mayWait?: boolean | undefined;
  /** Where; the program's cache unless given. */
  readonly cache?: string | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The set with its pictures kept, or as it was with the reason why they are not. */
export interface Stored {
  readonly set: ImageSet;
  readonly note: string;
}

/**
 * Decodes what `set`, of which the pictures are files, does not have on disk yet. Where the disk does not suffice its pictures
 * are decoded while training, and used more often where they cannot be decoded as quickly as it trains (`mostWaiting`),
 * unless it may wait. Throws 'interrupted' when the signal is aborted; what is decoded by then is kept.
 */
export async function storePictures(set: ImageSet, options: StoreOptions): Promise<Stored> {
  const { cache = cacheFolder(), most, mayWait = false } = options;
  const { files } = set;
  if (files === undefined || most <= 0) return { set, note: '' };
  const decoded = mayWait ? set : { ...set, files: { ...files, mostWaiting: MOST_WAITING } };
  try {
    const folder = join(cache, 'decoded', await keyOf(set, files));
    fs.mkdirSync(folder, { recursive: true });
    const sizes = join(folder, 'sizes');
    if (!isWhole(folder, set.count)) {
      const refused = await roomFor(set, files, folder, most);
      if (refused !== undefined) return { set: decoded, note: refused };
      await written(set, files, folder, options);
    }
    const bytes = total(readSizes(sizes));
    return {
      set: { ...set, files: { ...files, stored: folder } },
      note: `${files.root}: its pictures are kept decoded in ${folder}, ${gib(bytes)}; delete it when it is no longer needed.`,
    };
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    const { code, message } = diskError(error, cache);
    if (code !== 'disk') throw error;
    return { set: decoded, note: `${files.root}: pictures are decoded while training: ${message}.` };
  }
}

/** The pictures that are kept in a folder. */
export class StoredPictures {
  private readonly file: number;
  private readonly sizes: Uint32Array;
  private readonly offsets: Float64Array;
  private memory = new Uint8Array(0);

  /** Throws 'data' where what is kept in `folder` is not whole. */
  constructor(folder: string, count: number) {
    if (!isWhole(folder, count)) {
      throw new ShiftAddError(
        'data',
        `what is kept in ${folder} is damaged; delete this folder and start again`,
        { folder },
      );
    }
    this.sizes = readSizes(join(folder, 'sizes'));
    this.offsets = new Float64Array(count);
    for (let i = 1; i < count; i++) this.offsets[i] = this.offsets[i - 1] + bytesOf(this.sizes, i - 1);
    this.file = fs.openSync(join(folder, 'pixels'), 'r');
  }

  /** Undefined for one that could not be read. */
  size(index: number): Size | undefined {
    const [height, width] = [this.sizes[2 * index], this.sizes[2 * index + 1]];
    return height === 0 ? undefined : { height, width };
  }

  /** The rows of a part of a picture that could be read, [window.height, its width, 3], which the next call overwrites. */
  rows(index: number, window: Window): Uint8Array {
    const line = 3 * this.sizes[2 * index + 1];
    const length = window.height * line;
    if (this.memory.length < length) this.memory = new Uint8Array(length);
    const bytes = this.memory.subarray(0, length);
    const from = this.offsets[index] + window.top * line;
    for (let read = 0; read < bytes.length; ) {
      const more = fs.readSync(this.file, bytes, read, bytes.length - read, from + read);
      if (more === 0) throw new Error('the file has become shorter');
      read += more;
    }
    return bytes;
  }

  close(): void {
    fs.closeSync(this.file);
  }
}

async function keyOf({ height, width }: ImageSet, { root, names }: ImageFiles): Promise<string> {
  const hash = createHash('sha256').update(`${VERSION} ${height} ${width}\n`);
  for (let from = 0; from < names.length; from += 256) {
    const group = names.slice(from, from + 256);
    // one that is not there cannot be read: what is kept tells so too
    const found = await Promise.all(group.map((name) => stat(join(root, name)).catch(() => undefined)));
    for (const [i, file] of found.entries()) hash.update(`${group[i]}\0${file?.size} ${file?.mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 24);
}

function isWhole(folder: string, count: number): boolean {
  const [sizes, pixels] = ['sizes', 'pixels'].map((name) =>
    fs.statSync(join(folder, name), { throwIfNoEntry: false }),
  );
  if (sizes === undefined || pixels === undefined || sizes.size !== 8 * count) return false;
  return pixels.size === total(readSizes(join(folder, 'sizes')));
}

function readSizes(file: string): Uint32Array {
  const bytes = fs.readFileSync(file);
  return new Uint32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 8 * Math.floor(bytes.length / 8)),
  );
}

const bytesOf = (sizes: Uint32Array, index: number) => 3 * sizes[2 * index] * sizes[2 * index + 1];

function total(sizes: Uint32Array): number {
  let bytes = 0;
  for (let i = 0; i < sizes.length / 2; i++) bytes += bytesOf(sizes, i);
  return bytes;
}

const gib = (bytes: number) => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;

/** Why the pictures cannot be kept, by what some of them take; undefined where they can. */
async function roomFor(
  set: ImageSet,
  files: ImageFiles,
  folder: string,
  most: number,
): Promise<string | undefined> {
  const count = Math.min(SAMPLE, set.count);
  const sample = Array.from({ length: count }, (_, i) => Math.floor((i * set.count) / count));
  const sizes = new Uint32Array(2 * count);
  await decodeGroup(set, files, sample, (picture, i) => sizes.set([picture.height, picture.width], 2 * i));
  const bytes = (total(sizes) * set.count) / count;
  const { bavail, bsize } = await statfs(folder);
  const done = fs.statSync(join(folder, 'pixels'), { throwIfNoEntry: false })?.size ?? 0;
  const free = bavail * bsize + done;
  if (bytes <= most && bytes <= SHARE_OF_FREE * free) return undefined;
  const reason =
    bytes > most
      ? `more than the ${gib(most)} that may be kept; --data-disk allows more`
      : `more than half of the ${gib(free)} that are free there; free some, or set SHIFTADDNAS_CACHE to another disk`;
  return `${files.root}: pictures are decoded while training, for all of them take about ${gib(bytes)} decoded, ${reason}.`;
}

/** Decodes some pictures, in order; those that cannot be read have a size of 0. */
async function decodeGroup(
  set: ImageSet,
  { root, names }: ImageFiles,
  indices: readonly number[],
  found: (picture: { height: number; width: number; pixels: Uint8Array }, i: number) => void,
): Promise<void> {
  const sharp = await loadSharp();
  const unreadable = { height: 0, width: 0, pixels: new Uint8Array(0) };
  for (let from = 0; from < indices.length; from += AT_ONCE) {
    const group = indices
      .slice(from, from + AT_ONCE)
      .map((index) => decodeForParts(sharp, join(root, names[index]), set).catch(() => unreadable));
    for (const [i, picture] of (await Promise.all(group)).entries()) found(picture, from + i);
  }
}

/** Returns when all is there, whoever wrote it. */
async function written(
  set: ImageSet,
  files: ImageFiles,
  folder: string,
  options: StoreOptions,
): Promise<void> {
  const lock = await locked(folder, set, files, options);
  if (lock === undefined) return;
  try {
    await write(set, files, folder, options);
  } finally {
    lock.release();
  }
}

/** Waits for another process that writes; undefined when it has written all. */
async function locked(
  folder: string,
  { count }: ImageSet,
  { root }: ImageFiles,
  { progress, signal }: StoreOptions,
): Promise<Lock | undefined> {
  for (;;) {
    stopIfAsked(signal);
    if (isWhole(folder, count)) return undefined;
    try {
      const lock = acquireLock(join(folder, 'lock'), folder);
      if (!isWhole(folder, count)) return lock;
      lock.release(); // whoever had it ended between the two looks
      return undefined;
    } catch (error) {
      if (!(error instanceof ShiftAddError) || error.code !== 'run') throw error;
    }
    const part = fs.statSync(join(folder, 'part'), { throwIfNoEntry: false });
    const done = (part?.size ?? 0) / 8;
    progress?.(`${root}: another process has decoded ${done} of ${count} pictures`, done / count);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function write(set: ImageSet, files: ImageFiles, folder: string, options: StoreOptions): Promise<void> {
  const [sizes, part, pixels] = ['sizes', 'part', 'pixels'].map((name) => join(folder, name));
  fs.rmSync(sizes, { force: true });
  const flags = fs.constants.O_CREAT | fs.constants.O_RDWR;
  const opened = { pixels: fs.openSync(pixels, flags), part: fs.openSync(part, flags) };
  try {
    await append(set, files, opened, part, options);
  } catch (error) {
    // what an aborted process has written is gone on from; what the disk does not hold is of no use
    if (options.signal?.aborted !== true) for (const file of [pixels, part]) fs.rmSync(file, { force: true });
    throw error;
  } finally {
    fs.closeSync(opened.pixels);
    fs.closeSync(opened.part);
  }
  fs.renameSync(part, sizes);
  flushFolder(fs, folder);
}

/** Decodes what is missing, pixels first: what `part` names is flushed. */
async function append(
  set: ImageSet,
  files: ImageFiles,
  { pixels, part }: { readonly pixels: number; readonly part: number },
  path: string,
  { most, progress, signal }: StoreOptions,
): Promise<void> {
  let { done, bytes } = soFar(path, pixels, part);
  while (done < set.count) {
    const group = Array.from({ length: Math.min(FLUSH, set.count - done) }, (_, i) => done + i);
    const found = new Uint32Array(2 * group.length);
    await decodeGroup(set, files, group, (picture, i) => {
      stopIfAsked(signal);
      found.set([picture.height, picture.width], 2 * i);
      writeAll(fs, pixels, picture.pixels, bytes);
      bytes += picture.pixels.length;
      const all = done + i + 1;
      progress?.(`${files.root}: ${all} of ${set.count} pictures decoded`, all / set.count);
    });
    if (bytes > most) throw tooMuch(most);
    fs.fsyncSync(pixels);
    writeAll(fs, part, new Uint8Array(found.buffer), 8 * done);
    done += group.length;
  }
  fs.fsyncSync(part);
}

function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new ShiftAddError(
    'interrupted',
    'stopped while pictures were being decoded; those that are done are kept',
  );
}

/** What an earlier process had written: as many pictures as have both size and pixels. The rest is cut off. */
function soFar(part: string, pixels: number, sizes: number): { done: number; bytes: number } {
  const known = readSizes(part);
  const there = fs.fstatSync(pixels).size;
  let [done, bytes] = [0, 0];
  while (2 * done < known.length && bytes + bytesOf(known, done) <= there) bytes += bytesOf(known, done++);
  fs.ftruncateSync(pixels, bytes);
  fs.ftruncateSync(sizes, 8 * done);
  return { done, bytes };
}

function tooMuch(most: number): ShiftAddError {
  return new ShiftAddError(
    'disk',
    `they take more than the ${gib(most)} that may be kept; --data-disk allows more`,
  );
}
