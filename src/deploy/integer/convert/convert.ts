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
import { withinReach } from './within.ts';

export interface Conversion
  extends Pick<Emission, 'mean' | 'deviation' | 'name' | 'classes'>,
    CalibrationImages {
  /** Of activations. 8 unless given. */
  readonly bits?: 8 | 16;
  /** Of shift weights at most, sign included, 2 ... 5. 5 unless given; layers that lose nothing by it have fewer. */
  readonly shiftBits?: number;
}

/** Bits that a value may go without before the network is refused. */
const MOST_FEWER = 10;

/** @throws ShiftAddError 'run' for a network whose accumulators do not fit 32 bits in any way */
export async function convert(
  backend: Backend,
  network: Folded,
  conversion: Conversion,
): Promise<IntegerProgram> {
  const { mean, deviation, name, classes, bits = 8, shiftBits = 5 } = conversion;
  const running = new FoldedNetwork(backend, network);
  try {
    const statistics = await calibrate(running, conversion);
    const fewer = new Map<number, number>();
    for (;;) {
      const options: GridOptions = { bits, fewer };
      const grids = gridsOf(network, statistics, options);
      try {
        const near = withinReach({ network, statistics }, grids);
        const centred = await recentred(backend, near, grids, conversion, shiftBits);
        const program = emit({ ...centred, grids, shiftBits, mean, deviation, name, classes });
        checkProgram(program);
        return program;
      } catch (error) {
        if (!(error instanceof TooWide)) throw error;
        const already = fewer.get(error.value) ?? 0;
        if (already === MOST_FEWER) tooWide(network, error.value);
        fewer.set(error.value, already + 1);
      }
    }
  } finally {
    running.dispose();
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
