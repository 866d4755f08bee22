/**
 * Sharing schemes by name, as settings of runs: which families read one tensor, through which transformation, and what
 * is done with the gradients that meet in it. Names are `group-transformation-gradient`.
 */
import type { RunConfig } from '../runs/options.ts';

export interface Scheme {
  readonly name: string;
  /** For tables. */
  readonly title: string;
  readonly settings: Partial<RunConfig>;
}

/** What the study's main question compares with `none`: the default of the program. */
export const DEFAULT_SCHEME = 'q-affine-moments';
export const UNSHARED = 'none';

const GROUPS = {
  ca: { title: 'conv+add', settings: { families: 'conv,add' } },
  q: { title: 'conv+add+shift (Q)', settings: { families: 'conv,add,shift', shift: 'Q' } },
  ps: { title: 'conv+add+shift (PS)', settings: { families: 'conv,add,shift', shift: 'PS' } },
} as const;

const MAPS = {
  affine: { title: 'affine', settings: { transformation: 'affine' } },
  channel: { title: 'affine per channel', settings: { transformation: 'affine', adderPer: 'channel' } },
  monotone: { title: 'monotone', settings: { transformation: 'monotone' } },
  released: { title: 'released', settings: { transformation: 'released' } },
  naive: { title: 'none', settings: { transformation: 'none' } },
} as const;

const GRADIENTS = {
  moments: { title: 'moments per operator', settings: { sharedGradient: 'moments' } },
  normalised: { title: 'normalised', settings: { sharedGradient: 'normalised' } },
  plain: { title: 'plain', settings: { sharedGradient: 'plain' } },
} as const;

function matrix(): Scheme[] {
  return Object.entries(GROUPS).flatMap(([group, families]) =>
    Object.entries(MAPS).flatMap(([map, transformation]) =>
      Object.entries(GRADIENTS).map(([gradient, step]) => ({
        name: `${group}-${map}-${gradient}`,
        title: `${families.title}, ${transformation.title}, ${step.title}`,
        settings: { ...families.settings, ...transformation.settings, ...step.settings },
      })),
    ),
  );
}

const [DEFAULT] = matrix().filter(({ name }) => name === DEFAULT_SCHEME);

const RELEASED: Partial<RunConfig> = {
  ...DEFAULT.settings,
  ...{ transformation: 'released', alignment: 'released', sharedGradient: 'plain' },
};

/** Every scheme; the order is that of tables. */
export const SCHEMES: readonly Scheme[] = [
  { name: UNSHARED, title: 'nothing shared', settings: { families: 'none' } },
  ...matrix(),
  {
    name: 'published',
    title: 'as released: PS, released map and alignment, plain',
    settings: { ...RELEASED, shift: 'PS-released' },
  },
  {
    name: 'published-v4',
    title: 'as released, fourth form of shift',
    settings: { ...RELEASED, shift: 'PS-released-v4' },
  },
  {
    name: 'none-published',
    title: 'nothing shared, published initialisation',
    settings: { families: 'none', initialisation: 'published' },
  },
  {
    name: 'alignment-released',
    title: `${DEFAULT.title}, aligned as released`,
    settings: { ...DEFAULT.settings, alignment: 'released' },
  },
  {
    name: 'wasserstein-add',
    title: `${DEFAULT.title}, adders aligned by Wasserstein distance`,
    settings: { ...DEFAULT.settings, alignment: 'wasserstein-add' },
  },
  {
    name: 'wasserstein',
    title: `${DEFAULT.title}, aligned by Wasserstein distance`,
    settings: { ...DEFAULT.settings, alignment: 'wasserstein' },
  },
  {
    name: 'free-scale',
    title: `${DEFAULT.title}, adder's scale free`,
    settings: { ...DEFAULT.settings, adderScale: 'free' },
  },
  {
    name: 'fixed-scale',
    title: `${DEFAULT.title}, adder's scale fixed`,
    settings: { ...DEFAULT.settings, adderScale: 'fixed' },
  },
];

/** In groups, most telling first: no moments, no third family, no transformation, as published. */
const FIRST = ['q-affine-plain', 'ca-affine-moments', 'q-naive-moments', 'published'];
/** The others that differ from the default in one thing. */
const SECOND = [
  ...['q-affine-normalised', 'q-monotone-moments', 'q-channel-moments', 'q-released-moments'],
  ...['ps-affine-moments', 'free-scale', 'q-naive-plain', 'wasserstein', 'fixed-scale'],
];
const MAIN: readonly string[] = [UNSHARED, DEFAULT_SCHEME, ...FIRST, ...SECOND];

/** What is tried after the default and no sharing, group by group; the last is the rest of the matrix. */
export const SCHEME_GROUPS: readonly (readonly string[])[] = [
  FIRST,
  SECOND,
  SCHEMES.map(({ name }) => name).filter((name) => !MAIN.includes(name)),
];

export function schemeTitle(name: string): string {
  return SCHEMES.find((scheme) => scheme.name === name)?.title ?? name;
}
