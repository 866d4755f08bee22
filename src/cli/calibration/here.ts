/** Layers of a space timed on the backend that is asked for. */
import { availableParallelism, cpus } from 'node:os';
import type { Backend } from '../../backends/backend.ts';
import { type BackendName, openBackend } from '../../backends/open.ts';
import { Random } from '../../core/random.ts';
import type { Measurement } from '../../hardware/index.ts';
import { loadAnySpace } from '../../spaces/load.ts';
import { isTranslationSpace } from '../../spaces/seq2seq/space.ts';
import { type CommandContext, given } from '../command.ts';
import { measure } from './measure.ts';
import { setting } from './options.ts';
import { spaceShapes, type TimedShape, translationShapes, withNeighbours } from './shapes.ts';

/** Timings of every shape where `--rounds` says nothing. */
const ROUNDS = 25;

/** Opens the backend that is timed, and says what it runs on. */
export async function onBackend<T>(
  context: CommandContext,
  how: string,
  work: (backend: Backend, machine: string) => Promise<T>,
): Promise<T> {
  const backend = await openBackend(setting<'auto' | BackendName>(context, 'backend'), {
    threads: setting<number>(context, 'threads'),
  });
  try {
    const machine =
      `${cpus()[0]?.model.trim() || process.arch} (${availableParallelism()} processors), ${backend.description}, ` +
      `${how}, ${new Date().toISOString().slice(0, 10)}`;
    return await work(backend, machine);
  } finally {
    backend.dispose();
  }
}

export async function timeHere(
  context: CommandContext,
): Promise<{ measurements: Measurement[]; machine: string }> {
  const shapes = shapesOf(context);
  return onBackend(context, `batch ${setting<number>(context, 'batch')}`, async (backend, machine) => {
    context.print(`timing ${shapes.length} shapes on ${machine}`);
    const measurements = await measure(backend, shapes, {
      rounds: given<number>(context, 'rounds') ?? ROUNDS,
      signal: context.signal,
    });
    return { measurements, machine };
  });
}

function shapesOf(context: CommandContext): TimedShape[] {
  const random = Random.fromSeed(setting<number>(context, 'seed'));
  return withNeighbours(ownShapes(context), setting<number>(context, 'shapes'), random);
}

function ownShapes(context: CommandContext): TimedShape[] {
  const space = loadAnySpace(setting<string>(context, 'space'));
  const batch = setting<number>(context, 'batch');
  if (isTranslationSpace(space)) {
    const [tokens, vocabulary] = [given<number>(context, 'tokens'), given<number>(context, 'vocabulary')];
    return translationShapes(space, { tokens, vocabulary }, batch);
  }
  const side = given<number>(context, 'resolution') ?? (space.stages[0].scale >= 4 ? 224 : 32);
  const image = { h: side, w: side, c: setting<number>(context, 'channels') };
  const task = { image, classes: setting<number>(context, 'classes') };
  return spaceShapes(space, task, batch);
}
