/** The sharing scheme that a configuration asks for. */
import { nearest, ShiftAddError } from '../../core/errors.ts';
import { OPERATOR_NAMES, type OperatorName } from '../../operators/names.ts';
import { type AdderScale, checkSharing, type SharingConfig } from '../../supernet/sharing.ts';
import type { RunConfig } from '../options.ts';

/** What a setting says only where it differs from what its absence means: saved networks stay as they were. */
const unless = <T>(usual: string, key: string, value: string): Partial<T> =>
  value === usual ? {} : ({ [key]: value } as Partial<T>);

/** @throws ShiftAddError 'usage' for families that do not exist and settings that do not go together */
export function sharingOf(config: RunConfig): SharingConfig {
  const sharing: SharingConfig = {
    families: parseFamilies(config.families),
    transformation: config.transformation as SharingConfig['transformation'],
    alignment: config.alignment as SharingConfig['alignment'],
    adder: {
      kind: config.adderScale as AdderScale['kind'],
      initial: config.adderInitial,
      low: config.adderLow,
      high: config.adderHigh,
      offset: config.adderOffset,
      ...unless<AdderScale>('layer', 'per', config.adderPer),
      ...(config.adderEta === 0 ? {} : { eta: config.adderEta }),
    },
    shift: config.shift as SharingConfig['shift'],
    ...unless<SharingConfig>('moments', 'gradient', config.sharedGradient),
    ...unless<SharingConfig>('auto', 'initialisation', config.initialisation),
  };
  checkSharing(sharing);
  return sharing;
}

/** Sharing of a network that is alone: none, with the same transformations, and the same adders unless told otherwise. */
export function sharingAloneOf(config: RunConfig): SharingConfig {
  const sharing = sharingOf(config);
  const kind = config.adderAlone === 'same' ? config.adderScale : config.adderAlone;
  const alone: SharingConfig = {
    ...sharing,
    families: [],
    alignment: 'none',
    adder: { ...sharing.adder, kind: kind as AdderScale['kind'] },
  };
  checkSharing(alone);
  return alone;
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
