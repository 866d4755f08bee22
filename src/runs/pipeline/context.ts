/**
 * What every phase of a run needs, made once: data and its split, space, prices, backend, and the places that
 * events and checkpoints go to.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { EventBus, RunEvent } from '../../core/events.ts';
import type { Random } from '../../core/random.ts';
import type { TensorSource } from '../../core/safetensors-writer.ts';
import type { ImageDataset, ImageSet } from '../../data/dataset.ts';
import { type Split, stratified } from '../../data/split.ts';
import type { Task } from '../../spaces/layout.ts';
import type { ArchitecturePricer } from '../../spaces/pricing.ts';
import type { Space } from '../../spaces/space.ts';
import type { Quantisation } from '../../supernet/quantisation.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import { imageBatches } from '../../training/image-batches.ts';
import type { Ranks } from '../../training/ranks.ts';
import { HeldBatches } from '../../training/score.ts';
import type { ArchitectureLog } from '../architectures.ts';
import { type LoadedCheckpoint, loadCheckpoint, previousOf, saveCheckpoint } from '../checkpoint.ts';
import type { Evaluator } from '../evaluation/evaluator.ts';
import type { OpenRun } from '../folder.ts';
import { type Journal, readJournal } from '../journal.ts';
import type { RunConfig } from '../options.ts';

/** Lines that the journal and the list of candidates had when a checkpoint was written. */
export interface Lines {
  readonly journal: number;
  readonly architectures: number;
}

/**
 * Phases whose events the journal holds to the end. One of them is done again when its checkpoint was damaged after
 * later phases had begun: what the journal says of it stands, and is not written twice.
 */
export interface Told {
  readonly phases: Set<string>;
  /** Phases whose start it holds. */
  readonly started: Set<string>;
  /** Set while an event is emitted that is written down already. */
  again: boolean;
}

/** What jobs are done with, in this thread, in another or on another machine. */
export interface JobContext {
  readonly config: RunConfig;
  readonly backend: Backend;
  readonly dataset: ImageDataset;
  readonly split: Split;
  readonly space: Space;
  readonly task: Task;
  readonly sharing: SharingConfig;
  /** Of networks trained alone. */
  readonly sharingAlone: SharingConfig;
  /** Bits of weights and activations; undefined for real numbers. */
  readonly quantisation: Quantisation | undefined;
  readonly random: Random;
  /** Files that could not be decoded so far. */
  readonly unreadable: Set<string>;
  /** Folder of checkpoints. */
  readonly checkpoints: string;
  /** Seconds between checkpoints. */
  readonly saveEvery: number;
}

/** What a run keeps and tells, whatever it learns. */
export interface Frame {
  readonly config: RunConfig;
  readonly random: Random;
  readonly run: OpenRun;
  readonly bus: EventBus;
  readonly journal: Journal;
  readonly architectures: ArchitectureLog;
  readonly signal: AbortSignal;
  readonly told: Told;
  /** Folder of checkpoints. */
  readonly checkpoints: string;
  /** Seconds between checkpoints. */
  readonly saveEvery: number;
}

export interface RunContext extends JobContext, Frame {
  /** The space as its networks are retrained: the same, unless their form differs from the supernet's. */
  readonly retrained: Space;
  /** Prices networks as they are retrained. */
  readonly pricer: ArchitecturePricer;
  /** Who scores candidates and trains networks. */
  readonly evaluator: Evaluator;
  /** Processes that train the supernet together. */
  readonly ranks?: Ranks;
}

/** What images for calibrating, scoring and measuring are made of. */
export type ImagesContext = Pick<
  JobContext,
  'config' | 'backend' | 'dataset' | 'split' | 'task' | 'random' | 'unreadable'
>;

/** As a batch that calibrates: larger ones take more memory and no less time. Scores do not depend on it. */
const EVALUATION_BATCH = 128;
/** Of images that are decoded when they are needed: a few such batches are made ahead. */
const DECODED_BATCH = 64;

/** Plain batches of some images, kept on the backend. `equal` leaves out a last batch that is not full. */
export function heldBatches(
  context: ImagesContext,
  set: ImageSet,
  indices: ArrayLike<number>,
  { equal = false, size = set.files === undefined ? EVALUATION_BATCH : DECODED_BATCH } = {},
): HeldBatches {
  const { dataset, task, backend } = context;
  const batchSize = Math.min(size, indices.length);
  const source = imageBatches({ set, normal: dataset, batchSize, indices, keepPartial: !equal });
  const shape = [task.image.h, task.image.w, task.image.c] as const;
  function* batches() {
    for (let step = 0; step < source.stepsPerEpoch; step++) yield source.batch(step);
  }
  try {
    return new HeldBatches(backend, { shape, classes: task.classes }, batches());
  } finally {
    for (const file of source.unreadable()) context.unreadable.add(file);
    source.dispose();
  }
}

/** Training images that recalibrate norms, always the same ones. */
export function calibrationBatches(context: ImagesContext): HeldBatches {
  const { dataset, split, config, random } = context;
  const count = Math.min(config.calibrationImages, split.kept.length);
  const labels = Uint16Array.from(split.kept, (index) => dataset.train.labels[index]);
  const chosen = stratified(labels, count, random.split('calibration')).held;
  const indices = Uint32Array.from(chosen, (i) => split.kept[i]);
  return heldBatches(context, dataset.train, indices, { equal: true, size: Math.min(128, count) });
}

/** The held-out images that candidates are scored on. */
export function scoringBatches(context: ImagesContext): HeldBatches {
  const { dataset, split, config, random } = context;
  const count = Math.min(config.scoreImages, split.held.length);
  const labels = Uint16Array.from(split.held, (index) => dataset.train.labels[index]);
  const chosen = stratified(labels, count, random.split('scoring')).held;
  return heldBatches(
    context,
    dataset.train,
    Uint32Array.from(chosen, (i) => split.held[i]),
  );
}

/** The file that the state of a phase is kept in. */
export function checkpointPath(context: Pick<JobContext, 'checkpoints'>, phase: string): string {
  return join(context.checkpoints, `${phase.replace(/[^a-z0-9-]/gi, '-')}.safetensors`);
}

/** The state of a phase with the lines that belong to it now; flushed, so that what it counts is on disk. */
export async function savePhase<State>(
  context: Frame,
  phase: string,
  state: State,
  tensors: ReadonlyMap<string, TensorSource> = new Map(),
): Promise<void> {
  const { journal, architectures } = context;
  journal.flush();
  architectures.flush();
  const lines: Lines = { journal: journal.lines, architectures: architectures.lines };
  await saveCheckpoint(checkpointPath(context, phase), { state: { ...state, lines }, tensors });
}

/** The last state of a phase; undefined when it never saved one. */
export function loadPhase<State>(
  context: Frame,
  phase: string,
): LoadedCheckpoint<State & { readonly lines: Lines }> | undefined {
  const found = loadCheckpoint<State & { readonly lines: Lines }>(checkpointPath(context, phase));
  if (found?.note !== undefined) context.bus.emit({ type: 'note', text: found.note });
  return found;
}

/** Emits an event of a phase; journal and list of candidates pass it over when they have it already. */
export function tell({ bus, told }: Frame, phase: string, event: RunEvent): void {
  told.again = told.phases.has(phase);
  try {
    bus.emit(event);
  } finally {
    told.again = false;
  }
}

/** Writes down an event that was shown before, or that nobody need see. */
export function repeat({ journal, told }: Frame, phase: string, event: RunEvent): void {
  if (!told.phases.has(phase)) journal.record(event);
}

/** What a phase called `phase` is called once its network is measured. */
export function measuredPhase(phase: string): string {
  return `${phase}:measured`;
}

/**
 * Cuts what was written after the newest checkpoint: a resumed run writes it again. False when there was no
 * checkpoint yet, and the run starts over.
 */
export function rewind({ journal, architectures, run, told }: Frame): boolean {
  let lines: Lines = { journal: 0, architectures: 0 };
  for (const path of checkpointPaths(run.checkpoints)) {
    // That of a network trained alone counts no lines: it holds what the training told (job-record.ts).
    const counted = loadCheckpoint<{ readonly lines?: Lines }>(path)?.state.lines;
    if (counted !== undefined && counted.journal > lines.journal) lines = counted;
  }
  journal.truncateTo(lines.journal);
  architectures.truncateTo(lines.architectures);
  for (const { event } of readJournal(run.journal)) {
    if (event.type === 'phase-started') told.started.add(event.phase);
    if (event.type === 'phase-ended') told.phases.add(event.phase);
    if (event.type === 'network-evaluated') told.phases.add(measuredPhase(retrainPhase(event.name)));
  }
  return lines.journal > 0;
}

/** The phase that trains the network called `name`. */
export function retrainPhase(name: string): string {
  return `retrain:${name}`;
}

/** Every checkpoint there is; a kill between the two renames of a save leaves only the one before. */
function checkpointPaths(folder: string): string[] {
  const names = readdirSync(folder).map((name) =>
    name.endsWith(PREVIOUS) ? name.slice(0, -PREVIOUS.length) : name,
  );
  return [...new Set(names)]
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => join(folder, name));
}

const PREVIOUS = previousOf('');

/** Throws 'interrupted' when the user asked to stop; the caller has saved. */
export function stopIfAsked(context: Frame): void {
  if (context.signal.aborted) interrupt(context);
}

/** Throws 'interrupted' with the command that goes on. */
export function interrupt(context: Pick<Frame, 'run'>): never {
  const { dir, description } = context.run;
  const sentence = `stopped; go on with: shiftaddnas ${description.command} --resume ${dir}`;
  throw new ShiftAddError('interrupted', sentence, { dir });
}
