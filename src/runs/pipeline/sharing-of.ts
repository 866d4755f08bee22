/** The sharing scheme that a configuration asks for. */
import { nearest, ShiftAddError } from '../../core/errors.ts';
import { OPERATOR_NAMES, type OperatorName } from '../../operators/names.ts';
import { DEFAULT_ADDER, type SharingConfig } from '../../supernet/sharing.ts';
import type { RunConfig } from '../options.ts';

export function sharingOf(config: RunConfig): SharingConfig {
  return {
    families: parseFamilies(config.families),
    transformation: config.transformation as SharingConfig['transformation'],
    alignment: config.alignment as SharingConfig['alignment'],
    adder: {
      ...DEFAULT_ADDER,
      kind: config.adderScale as SharingConfig['adder']['kind'],
      initial: config.adderInitial,
    },
    shift: config.shift as SharingConfig['shift'],
  };
}

function parseFamilies(text: string): OperatorName[] {
  if (text === 'none') return [];
  return text.split(',').map((word) => {
    const name = word.trim();
    if (name === 'attention') {
      throw new ShiftAddError(
        'usage',
        '--families cannot name attention: its projections are never shared; leave it out',
      );
    }
    if ((OPERATOR_NAMES as readonly string[]).includes(name)) return name as OperatorName;
    const near = nearest(name, OPERATOR_NAMES);
    throw new ShiftAddError(
      'usage',
      `--families lists conv, add and shift, but got "${name}"${near ? `; did you mean ${near}?` : ''}`,
    );
  });
}
