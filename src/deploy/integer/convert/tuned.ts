/**
 * A network trained further as its integer program computes: everything is rounded to the very grids that calibration
 * chose, and the program is written on these. Norms stay folded: the statistics they had when the program was made are part
 * of its factors, which learn like any other weight.
 */
import type { Backend } from '../../../backends/backend.ts';
import { withRoundedMeans } from './calibrate.ts';
import { type Conversion, type Converted, written } from './convert.ts';
import { FoldedNetwork } from './folded-network.ts';

/** Changes the weights of a network that is rounded. */
export type Tuning = (network: FoldedNetwork) => Promise<void>;

/** `from`: what `converted` gave for this conversion. @throws what `tuning` throws */
export async function tuned(
  backend: Backend,
  from: Converted,
  conversion: Conversion,
  tuning: Tuning,
): Promise<Converted> {
  const { statistics, to, fewer } = from;
  const running = new FoldedNetwork(backend, from.network, to);
  try {
    await tuning(running);
    const network = await running.read();
    return await written(
      { network, statistics },
      conversion,
      (measured, on) => withRoundedMeans(backend, measured, on, conversion),
      fewer,
    );
  } finally {
    running.dispose();
  }
}
