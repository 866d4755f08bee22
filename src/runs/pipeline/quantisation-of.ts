/** The bit widths that a configuration asks for. */
import type { Task } from '../../spaces/layout.ts';
import type { Space } from '../../spaces/space.ts';
import { checkQuantisation, type Quantisation, REAL } from '../../supernet/quantisation.ts';
import { parseExceptions } from '../bit-exceptions.ts';
import type { RunConfig } from '../options.ts';

/** Undefined for real numbers throughout. @throws ShiftAddError 'usage' for widths and layers that do not exist */
export function quantisationOf(config: RunConfig, space: Space, task: Task): Quantisation | undefined {
  const { weightBits, activationBits, weightScales } = config;
  const quantisation: Quantisation = {
    weightBits,
    activationBits,
    weightScales: weightScales as Quantisation['weightScales'],
    exceptions: parseExceptions(config.bitExceptions),
  };
  checkQuantisation(quantisation, space, task);
  const real = [quantisation, ...quantisation.exceptions].every(
    (widths) => (widths.weightBits ?? REAL) === REAL && (widths.activationBits ?? REAL) === REAL,
  );
  return real ? undefined : quantisation;
}
