/** What commands that write a run have in common: their flags, their settings, their folder. */
import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { type BackendName, type BackendOptions, openBackend, type Precision } from '../backends/open.ts';
import { nearest, ShiftAddError } from '../core/errors.ts';
import { isTranslationSource } from '../data/text/open.ts';
import { settledExceptions } from '../runs/bit-exceptions.ts';
import { createRun, type OpenRun, resumeRun } from '../runs/folder.ts';
import {
  ADDER_SETTINGS,
  DEFAULT_CONFIG,
  EXECUTION_OPTIONS,
  flagOf,
  IMAGE_SETTINGS,
  JOB_OPTIONS,
  LATER_SETTINGS,
  type Option,
  RUN_OPTIONS,
  type RunConfig,
  runConfigSchema,
  SENTENCE_SETTINGS,
} from '../runs/options.ts';
import { ownSpaces } from '../runs/pipeline/named-network.ts';
import { defaultPreset, PRESETS, presetSettings } from '../runs/presets.ts';
import { RECIPES, recipeSettings } from '../runs/recipes.ts';
import { spaceSettings } from '../runs/space-settings.ts';
import { loadSpace, loadTranslationSpace } from '../spaces/load.ts';
import { spreadsAdders } from '../supernet/sharing.ts';
import { type CommandContext, given } from './command.ts';

type Options = Readonly<Record<string, Option>>;

/** Options whose default gives way to a preset: help shows it, parsing leaves it out. */
function yielding(options: Options): Options {
  return Object.fromEntries(
    Object.entries(options).map(([key, { initial, ...option }]) => [
      key,
      initial === undefined ? option : { ...option, help: `${option.help} [${initial}]` },
    ]),
  );
}

const titles = Object.entries(PRESETS).map(([name, { title }]) => `${name} (${title})`);

export const EXECUTION_FLAGS: Options = yielding(EXECUTION_OPTIONS);

export const RUN_FLAGS: Options = {
  preset: {
    kind: 'choice',
    help: `bundle of settings: ${titles.join('; ')}`,
    choices: Object.keys(PRESETS),
    placeholder: 'name',
  },
  config: { kind: 'text', help: 'JSON file of settings; flags win over it', placeholder: 'file' },
  out: { kind: 'text', help: 'run folder [runs/<data>-<time>]', placeholder: 'dir' },
  resume: { kind: 'text', help: 'go on with the run in this folder', placeholder: 'dir' },
  ...yielding(RUN_OPTIONS),
  quiet: { kind: 'boolean', help: 'show no progress on stderr, only results and errors' },
  ...EXECUTION_FLAGS,
  ...yielding(JOB_OPTIONS),
};

/** For commands that train networks they are told. */
export const RECIPE_FLAG: Options = {
  recipe: {
    kind: 'text',
    help: `published training recipe: published for that of the network, or ${Object.entries(RECIPES)
      .map(([name, { title }]) => `${name} (${title})`)
      .join(', ')}; other flags win over it`,
    placeholder: 'name',
  },
};

/**
 * Defaults, preset, the space of `networks`, that space's settings, recipe, what was given: the later wins. `networks` are
 * also what a published recipe is for.
 */
export function configOf(context: CommandContext, networks: readonly string[] = []): RunConfig {
  const data = given<string>(context, 'data') ?? DEFAULT_CONFIG.data;
  const preset = presetSettings(given<string>(context, 'preset') ?? defaultPreset(data), data);
  const chosen = Object.entries(context.options).filter(([key]) => key in RUN_OPTIONS);
  const recipe = given<string>(context, 'recipe');
  const published = recipe === undefined ? {} : recipeSettings(recipe, networks);
  const asked = { ...published, ...Object.fromEntries(chosen) };
  const [own] = spacesOf(networks, given<string>(context, 'space'));
  const ofNetworks = own === undefined ? {} : { space: own };
  const wanted: RunConfig = { ...DEFAULT_CONFIG, ...preset, ...ofNetworks, ...asked };
  const sentences = isTranslationSource(data);
  checkAdders(Object.fromEntries(chosen), wanted.transformation);
  checkKind(Object.fromEntries(chosen), data, sentences ? IMAGE_SETTINGS : SENTENCE_SETTINGS);
  if (sentences) {
    loadTranslationSpace(wanted.space);
    return wanted;
  }
  const bitExceptions = settledExceptions(wanted.bitExceptions);
  return { ...wanted, ...spaceSettings(loadSpace(wanted.space)), ...asked, bitExceptions };
}

/** Published networks bring their spaces along. Throws 'usage' where --space says another. */
function spacesOf(networks: readonly string[], asked: string | undefined): string[] {
  const own = ownSpaces(networks);
  if (own.length === 0 || asked === undefined || own.includes(loadSpace(asked).name)) return own;
  throw new ShiftAddError(
    'usage',
    `--space ${asked} says nothing about ${networks.join(', ')}, whose space is ${own.join(' and ')}; leave it out`,
    { space: asked, own },
  );
}

/** Throws 'usage' for settings that say nothing about this kind of data. */
function checkKind(chosen: object, data: string, foreign: readonly (keyof RunConfig)[]): void {
  const found = foreign.filter((key) => Object.hasOwn(chosen, key));
  if (found.length === 0) return;
  const [what, other] = foreign === IMAGE_SETTINGS ? ['sentences', 'images'] : ['images', 'sentences'];
  throw new ShiftAddError(
    'usage',
    `--data ${data} holds ${what}, and ${found.map(flagOf).join(', ')} is about ${other}; leave it out`,
    { data },
  );
}

/** Throws 'usage' for a spread of adders' weights where the transformation gives them none. */
function checkAdders(chosen: object, transformation: string): void {
  const found = ADDER_SETTINGS.filter((key) => Object.hasOwn(chosen, key));
  if (found.length === 0 || spreadsAdders(transformation)) return;
  throw new ShiftAddError(
    'usage',
    `${found.map(flagOf).join(', ')} is about the spread that adders' weights are brought to, and with --transformation ${transformation} they are brought to none; leave it out, or choose affine or monotone`,
    { transformation },
  );
}

function defaultFolder(data: string): string {
  const words = data.split(/[:/\\]/).filter((part) => /^[\w-]+$/.test(part));
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return join('runs', `${words.at(-1) ?? 'run'}-${stamp}`);
}

export interface OpenedRun {
  readonly run: OpenRun;
  readonly config: RunConfig;
  /** Settings beside RunConfig that the command put into config.json. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly resumed: boolean;
}

/** Opens a new folder, or with --resume an old one of the same command, whose settings are taken over. */
export function openRun(
  context: CommandContext,
  command: string,
  extra: Readonly<Record<string, unknown>> = {},
): OpenedRun {
  const resume = given<string>(context, 'resume');
  if (resume === undefined) {
    const { network, networks = network === undefined ? [] : [network] } = extra;
    const config = configOf(context, networks as readonly string[]);
    const out = given<string>(context, 'out') ?? defaultFolder(config.data);
    const run = createRun(out, { command, config: { ...config, ...extra } });
    return { run, config, extra, resumed: false };
  }
  const foreign = Object.keys(context.options).filter(
    (key) =>
      !['resume', 'quiet', ...Object.keys(EXECUTION_OPTIONS), ...Object.keys(JOB_OPTIONS)].includes(key),
  );
  if (foreign.length > 0) {
    throw new ShiftAddError(
      'usage',
      `a resumed run keeps its settings, so ${foreign.map(flagOf).join(', ')} cannot go with --resume; leave it out or start a new run`,
    );
  }
  const run = resumeRun(resume);
  try {
    return { ...savedSettings(run, command), run, resumed: true };
  } catch (error) {
    run.close();
    throw error;
  }
}

function savedSettings(run: OpenRun, command: string): Pick<OpenedRun, 'config' | 'extra'> {
  if (run.description.command !== command) {
    throw new ShiftAddError(
      'run',
      `${run.dir} is a run of ${run.description.command}; resume it with: shiftaddnas ${run.description.command} --resume ${run.dir}`,
    );
  }
  return settingsOf(run.description, run.config);
}

/** The settings of a run of any version. `path`: of its config.json. @throws ShiftAddError 'run' where they do not fit this one */
export function settingsOf(
  description: Pick<OpenRun['description'], 'config'>,
  path: string,
): Pick<OpenedRun, 'config' | 'extra'> {
  const entries = Object.entries(description.config);
  const beside = new Set(['network', 'networks', 'seeds', 'weights']);
  const extra = Object.fromEntries(entries.filter(([key]) => beside.has(key)));
  const settings = Object.fromEntries(entries.filter(([key]) => !beside.has(key)));
  const parsed = runConfigSchema.safeParse({ ...LATER_SETTINGS, ...settings });
  if (parsed.success) return { config: parsed.data, extra };
  const [issue] = parsed.error.issues;
  const key = issue.code === 'unrecognized_keys' ? issue.keys[0] : issue.path.join('.');
  const near = nearest(key, Object.keys(RUN_OPTIONS));
  throw new ShiftAddError(
    'run',
    `${path} does not fit this version of the program: ${key}: ${issue.message}${near && near !== key ? `; did you mean ${near}?` : ''}`,
    { key },
  );
}

/** What --data-disk allows, for `openJobContext`. */
export function storeOf(context: CommandContext): { readonly most: number } {
  const { dataDisk } = JOB_OPTIONS;
  return { most: (given<number>(context, 'dataDisk') ?? Number(dataDisk.initial)) * 2 ** 30 };
}

export function threadsOf(context: CommandContext): { threads?: number } {
  const threads = given<number>(context, 'threads') ?? 0;
  return threads === 0 ? {} : { threads };
}

/** The backend that a command's flags ask for. */
export function openBackendOf(
  context: CommandContext,
  options: Pick<BackendOptions, 'threads' | 'shared'> = {},
): Promise<Backend> {
  const name = given<'auto' | BackendName>(context, 'backend') ?? 'auto';
  const device = given<string>(context, 'device');
  const named = device === undefined ? {} : { device };
  const precision = given<Precision>(context, 'precision') ?? 'single';
  return openBackend(name, { ...threadsOf(context), ...named, precision, ...options });
}
