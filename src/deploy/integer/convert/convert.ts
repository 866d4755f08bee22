/** A trained network as an integer program: traced, folded, measured on images, put on grids and written down. */
import type { Backend } from '../../../backends/backend.ts';
import { ShiftAddError } from '../../../core/errors.ts';
import { checkProgram } from '../check.ts';
import type { IntegerProgram } from '../program.ts';
import { type CalibrationImages, calibrate, recentred } from './calibrate.ts';
import { type Emission, emit, TooWide } from './emit.ts';
import type { Folded } from './folded.ts';
import { FoldedNetwork } from './folded-network.ts';
import { type GridOptions, gridsOf } from './grids.ts';
import type { RoundedTo } from './rounding.ts';
import { type Measured, withinReach } from './within.ts';

export interface Conversion
  extends Pick<Emission, 'mean' | 'deviation' | 'name' | 'classes'>,
    CalibrationImages {
  /** Of activations. 8 unless given. */
  readonly bits?: 8 | 16;
  /** Of shift weights at most, sign included, 2 ... 5. 5 unless given; layers that lose nothing by it have fewer. */
  readonly shiftBits?: number;
}

/** A program, and what it was written from. */
export interface Converted extends Measured {
  readonly program: IntegerProgram;
  readonly to: RoundedTo;
  /** Bits that values of 16 go without, by their number. */
  readonly fewer: ReadonlyMap<number, number>;
}

/** Bits that a value may go without before the network is refused. */
const MOST_FEWER = 10;

/** @throws ShiftAddError 'run' for a network whose accumulators do not fit 32 bits in any way */
export async function convert(
  backend: Backend,
  network: Folded,
  conversion: Conversion,
): Promise<IntegerProgram> {
  return (await converted(backend, network, conversion)).program;
}

/** The same with what the program was written from, which can be trained further (tuned.ts). */
export async function converted(
  backend: Backend,
  network: Folded,
  conversion: Conversion,
): Promise<Converted> {
  const running = new FoldedNetwork(backend, network);
  try {
    const statistics = await calibrate(running, conversion);
    return await written({ network, statistics }, conversion, (measured, to) =>
      recentred(backend, withinReach(measured, to.grids), to, conversion),
    );
  } finally {
    running.dispose();
  }
}

/** The program of a network on grids that fit it: those that go without `fewer` bits, or without more. */
export async function written(
  measured: Measured,
  { mean, deviation, name, classes, bits = 8, shiftBits = 5 }: Conversion,
  onGrids: (measured: Measured, to: RoundedTo) => Promise<Measured>,
  fewest: ReadonlyMap<number, number> = new Map(),
): Promise<Converted> {
  const { network, statistics } = measured;
  const fewer = new Map(fewest);
  for (;;) {
    const options: GridOptions = { bits, fewer };
    const grids = gridsOf(network, statistics, options);
    const to = { grids, shiftBits };
    try {
      const ready = await onGrids(measured, to);
      const program = emit({ ...ready, ...to, mean, deviation, name, classes });
      checkProgram(program);
      return { ...ready, program, to, fewer };
    } catch (error) {
      if (!(error instanceof TooWide)) throw error;
      const already = fewer.get(error.value) ?? 0;
      if (already === MOST_FEWER) tooWide(network, error.value);
      fewer.set(error.value, already + 1);
    }
  }
}

function tooWide({ layers }: Folded, value: number): never {
  const name = layers[value - 1]?.name ?? 'the image';
  throw new ShiftAddError(
    'run',
    `the layer that reads ${name} adds so much that 32 bits do not hold it, whatever the width of its input; make it narrower`,
    { name },
  );
}
