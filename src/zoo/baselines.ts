/**
 * The hand-made baselines of the field by name, plain and with the multiplication-free layers that were published for
 * them: AdderNet replaces every convolution but the first by an adder layer, DeepShift by a shift layer, and ShiftAddNet
 * by a shift layer followed by an adder layer of the same window (spec 10.1-10.3). First convolution and classifier stay
 * multiplications (spec 4.1).
 *
 *   resnet-20   adder-resnet-20   shift-resnet-20   shift-q-resnet-20   shift-ps-resnet-20   shiftadd-resnet-20
 *
 * A factor on all widths may follow, as in `adder-resnet-20@0.5`. The short form `resnet20-adder` means the same network.
 */
import { require_ } from '../core/errors.ts';
import type { Workload } from '../hardware/workload.ts';
import type { MapSize } from '../operators/operator.ts';
import type { Baseline } from './baseline.ts';
import { Builder } from './builder.ts';
import { MOBILENETS } from './mobilenet.ts';
import type { ZooPlan } from './plan.ts';
import { planWorkloads } from './plan-workloads.ts';
import { RESNETS } from './resnets.ts';
import type { Variant } from './variant.ts';
import { TRANSFORMERS } from './vision-transformer.ts';

const BASELINES: Readonly<Record<string, Baseline>> = { ...RESNETS, ...MOBILENETS, ...TRANSFORMERS };

export interface BaselineNetwork {
  readonly base: string;
  readonly variant: Variant;
  /** How shift weights are learned, where the name says it. */
  readonly shift?: 'PS' | 'Q';
}

const PREFIXES: readonly (readonly [string, Omit<BaselineNetwork, 'base'>])[] = [
  ['', { variant: 'conv' }],
  ['adder-', { variant: 'adder' }],
  ['shift-', { variant: 'shift' }],
  ['shift-q-', { variant: 'shift', shift: 'Q' }],
  ['shift-ps-', { variant: 'shift', shift: 'PS' }],
  ['shiftadd-', { variant: 'shiftadd' }],
];

/** Names of the baselines with what each stands for. */
export const BASELINE_NETWORKS: Readonly<Record<string, BaselineNetwork>> = Object.fromEntries(
  Object.keys(BASELINES).flatMap((base) =>
    PREFIXES.map(([prefix, what]) => [`${prefix}${base}`, { base, ...what }]),
  ),
);

export interface NamedBaseline extends BaselineNetwork {
  /** As `zoo` lists it, with its width. */
  readonly name: string;
  readonly width: number;
}

/** `resnet20-adder` -> `adder-resnet-20`. */
const SHORT_FORMS: ReadonlyMap<string, string> = new Map(
  Object.entries(BASELINE_NETWORKS).map(([name, { base, variant, shift }]) => {
    const family = shift === undefined ? variant : `${variant}-${shift.toLowerCase()}`;
    return [`${base.replace(/-(?=\d)/, '')}-${family}`, name];
  }),
);

/** What a name means; undefined when it is no baseline's. Throws 'usage' for a width that is none. */
export function findBaseline(text: string): NamedBaseline | undefined {
  const [word, factor, ...more] = text.split('@');
  const name = SHORT_FORMS.get(word) ?? word;
  if (!Object.hasOwn(BASELINE_NETWORKS, name)) return undefined;
  const width = factor === undefined ? 1 : Number(factor);
  require_(
    more.length === 0 && Number.isFinite(width) && width > 0 && width <= 16 && factor !== '',
    'usage',
    () =>
      `behind the @ of ${name} stands a factor on its widths above 0 and up to 16, but got "${text}"; write ${name}@0.5`,
    { network: text },
  );
  return { name: width === 1 ? name : `${name}@${width}`, width, ...BASELINE_NETWORKS[name] };
}

/** The steps of a baseline for images of a size. Throws 'usage' when the image is too small. */
export function baselinePlan(
  { name, base, variant, width }: NamedBaseline,
  image: MapSize,
  classes: number,
): ZooPlan {
  const size = Math.min(image.h, image.w);
  const { resolution, smallest = 8, build } = BASELINES[base];
  require_(
    Number.isInteger(size) && size >= smallest,
    'usage',
    () =>
      `The resolution of ${name} must be a whole number of at least ${smallest} pixels, but is ${size}; give ${resolution}.`,
    { resolution: size },
  );
  const net = new Builder(variant, width, image);
  build(net);
  net.classifier(classes);
  return { image, classes, steps: net.steps };
}

/** A baseline at a resolution and for a number of classes, its own where not given. */
export function ownPlan(named: NamedBaseline, resolution?: number, classes?: number): ZooPlan {
  const own = BASELINES[named.base];
  const size = resolution ?? own.resolution;
  return baselinePlan(named, { h: size, w: size, c: 3 }, classes ?? own.classes);
}

/** The layers of that plan. */
export function baselineWorkloads(named: NamedBaseline, resolution?: number, classes?: number): Workload[] {
  return planWorkloads(ownPlan(named, resolution, classes).steps);
}
