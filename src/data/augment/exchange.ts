/**
 * Memory in which threads hand batches over. No messages: a waiting thread sleeps on a word of it, so that batches
 * are made while the thread that trains is busy and serves no events.
 *
 *   control   bell, stop, how many echoes, then four words a slot: state, epoch, step, and the images of the batch made; then
 *             how many unreadable images were met, and which
 *   slot      empty -> wanted -> taken (by whoever comes first) -> ready or failed
 *   echoes    step, uses, from of each; told before a step that it is for is wanted
 */

import type { BatchMemory } from '../batches.ts';
import { type Echo, MOST_USES } from '../echo.ts';

export const EMPTY = 0;
export const WANTED = 1;
export const TAKEN = 2;
export const READY = 3;
export const FAILED = 4;

/** Rung when too many slots are wanted, and when the threads are to stop. */
export const BELL = 0;
export const STOP = 1;

const ECHOES = 2;

const HEAD = 3;
const WORDS = 4;
/** Numbers of an echo. Each uses pictures more often than the one before. */
const ECHO = 3;

/** Sizes of one full batch, and the memory; can be sent to a thread. */
export interface Exchange {
  readonly slots: number;
  readonly images: number;
  readonly targets: number;
  readonly labels: number;
  /** Unreadable images that there is room for. */
  readonly reports: number;
  readonly control: SharedArrayBuffer;
  readonly memory: SharedArrayBuffer;
  readonly echoes: SharedArrayBuffer;
}

export function openExchange(
  slots: number,
  { images, targets, labels, reports }: Pick<Exchange, 'images' | 'targets' | 'labels' | 'reports'>,
): Exchange {
  const bytes = 4 * images + 4 * targets + 4 * Math.ceil(labels / 2);
  return {
    slots,
    images,
    targets,
    labels,
    reports,
    control: new SharedArrayBuffer(4 * (HEAD + WORDS * slots + 1 + reports)),
    memory: new SharedArrayBuffer(slots * bytes),
    echoes: new SharedArrayBuffer(8 * ECHO * MOST_USES),
  };
}

export function slotOf({ slots, images, targets, labels, memory }: Exchange, slot: number): BatchMemory {
  const at = (memory.byteLength / slots) * slot;
  return {
    images: new Float32Array(memory, at, images),
    targets: new Float32Array(memory, at + 4 * images, targets),
    labels: new Uint16Array(memory, at + 4 * (images + targets), labels),
  };
}

/** The index of a slot's state in the control words; epoch, step and images follow it. */
export function stateOf(slot: number): number {
  return HEAD + WORDS * slot;
}

/** Says how often pictures are used from a step on that nobody wants yet. */
export function tellEcho({ echoes }: Exchange, control: Int32Array, { step, uses, from }: Echo): void {
  const count = control[ECHOES];
  new Float64Array(echoes).set([step, uses, from], ECHO * count);
  Atomics.store(control, ECHOES, count + 1);
}

/** What was told, but for the first `known`. */
export function echoesTold({ echoes }: Exchange, control: Int32Array, known: number): Echo[] {
  const numbers = new Float64Array(echoes);
  return Array.from({ length: Atomics.load(control, ECHOES) - known }, (_, i) => {
    const [step, uses, from] = numbers.subarray(ECHO * (known + i));
    return { step, uses, from };
  });
}

/** Says that image `index` of the set cannot be read; more than there is room for are only counted. */
export function reportUnreadable({ slots, reports }: Exchange, control: Int32Array, index: number): void {
  const at = stateOf(slots);
  const before = Atomics.add(control, at, 1);
  if (before < reports) Atomics.store(control, at + 1 + before, index);
}

/** What was reported, each image once, ascending. */
export function unreadableImages({ slots, reports }: Exchange, control: Int32Array): number[] {
  const at = stateOf(slots);
  const count = Math.min(reports, Atomics.load(control, at));
  return [...new Set(control.subarray(at + 1, at + 1 + count))].sort((a, b) => a - b);
}
