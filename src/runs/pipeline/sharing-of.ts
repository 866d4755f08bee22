/** The sharing scheme that a configuration asks for. */
import { nearest, ShiftAddError } from '../../core/errors.ts';
import { OPERATOR_NAMES, type OperatorName } from '../../operators/names.ts';
import type { Space } from '../../spaces/space.ts';
import { type AdderScale, checkSharing, type SharingConfig, spreadsAdders } from '../../supernet/sharing.ts';
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
    adder: adderOf(config, {
      kind: config.adderScale,
      initial: config.adderInitial,
      low: config.adderLow,
      high: config.adderHigh,
      offset: config.adderOffset,
      per: config.adderPer,
    }),
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
  const own = <T>(value: T | 'same', shared: T): T => (value === 'same' ? shared : (value as T));
  const adder = adderOf(config, {
    kind: own(config.adderAlone, config.adderScale),
    initial: own(config.adderAloneInitial, config.adderInitial),
    low: own(config.adderAloneLow, config.adderLow),
    high: own(config.adderAloneHigh, config.adderHigh),
    offset: own(config.adderAloneOffset, config.adderOffset),
    per: own(config.adderAlonePer, config.adderPer),
  });
  const alone: SharingConfig = { ...sharing, families: [], alignment: 'none', adder };
  checkSharing(alone);
  return alone;
}

/** Settings of a spread, with the local rate, which there is one of. */
function adderOf(
  { adderEta }: RunConfig,
  {
    kind,
    per,
    ...numbers
  }: Record<'kind' | 'per', string> & Pick<AdderScale, 'initial' | 'low' | 'high' | 'offset'>,
): AdderScale {
  return {
    kind: kind as AdderScale['kind'],
    ...numbers,
    ...unless<AdderScale>('layer', 'per', per),
    ...(adderEta === 0 ? {} : { eta: adderEta }),
  };
}

/** What is said of a space whose adders have a spread that the transformation does not use. */
export function describeUnusedSpread(
  { transformation }: RunConfig,
  { name, adder }: Space,
): string | undefined {
  if (adder === undefined || spreadsAdders(transformation)) return undefined;
  return `what space ${name} says of its adders' weights is not used: ${transformation} is a transformation that gives them no spread`;
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
