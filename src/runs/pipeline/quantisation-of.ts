/** The bit widths that a configuration asks for. */
import { checkQuantisation, type Quantisation, REAL } from '../../supernet/quantisation.ts';
import { parseExceptions } from '../bit-exceptions.ts';
import type { RunConfig } from '../options.ts';

/**
 * Undefined for real numbers throughout. Whoever knows the networks checks that exceptions name layers of theirs.
 *
 * @throws ShiftAddError 'usage' for widths that do not exist
 */
export function quantisationOf(config: RunConfig): Quantisation | undefined {
  const { weightBits, activationBits, weightScales } = config;
  const quantisation: Quantisation = {
    weightBits,
    activationBits,
    weightScales: weightScales as Quantisation['weightScales'],
    exceptions: parseExceptions(config.bitExceptions),
  };
  checkQuantisation(quantisation);
  const real = [quantisation, ...quantisation.exceptions].every(
    (widths) => (widths.weightBits ?? REAL) === REAL && (widths.activationBits ?? REAL) === REAL,
  );
  return real ? undefined : quantisation;
}
