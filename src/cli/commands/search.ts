/** `search`: the main job, from data to a winner and a report. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openBackend } from '../../backends/open.ts';
import { nearest, ShiftAddError } from '../../core/errors.ts';
import { EventBus } from '../../core/events.ts';
import { createRun, type OpenRun, resumeRun } from '../../runs/folder.ts';
import { readJournal } from '../../runs/journal.ts';
import { DEFAULT_CONFIG, EXECUTION_OPTIONS, flagOf, type Option, RUN_OPTIONS, type RunConfig, runConfigSchema } from '../../runs/options.ts';
import { runPipeline } from '../../runs/pipeline/pipeline.ts';
import { defaultPreset, PRESETS } from '../../runs/presets.ts';
import { progressListener, progressTo } from '../../runs/progress.ts';
import { writeReport } from '../../runs/report/report.ts';
import type { NetworkResult, ResultInput } from '../../runs/result.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { count, digits, percent, table } from '../text.ts';

/** Options without their defaults: a preset may stand between the flag and the default. */
function withoutDefaults(options: Readonly<Record<string, Option>>): Record<string, Option> {
  return Object.fromEntries(
    Object.entries(options).map(([key, { initial, ...option }]) => [
      key,
      initial === undefined ? option : { ...option, help: `${option.help} [${initial}]` },
    ]),
  );
}

const options: Record<string, Option> = {
  preset: {
    kind: 'choice',
    help: `bundle of settings: ${Object.entries(PRESETS)
      .map(([name, { title }]) => `${name} (${title})`)
      .join('; ')}`,
    choices: Object.keys(PRESETS),
    placeholder: Object.keys(PRESETS).join('|'),
  },
  config: { kind: 'text', help: 'JSON file of settings; flags win over it', placeholder: 'file' },
  out: { kind: 'text', help: 'run folder [runs/<data>-<time>]', placeholder: 'dir' },
  resume: { kind: 'text', help: 'go on with the run in this folder', placeholder: 'dir' },
  ...withoutDefaults(RUN_OPTIONS),
  ...withoutDefaults(EXECUTION_OPTIONS),
};

/** Defaults, then the preset, then what was given. */
export function configOf(context: CommandContext): RunConfig {
  const data = given<string>(context, 'data') ?? DEFAULT_CONFIG.data;
  const preset = PRESETS[given<string>(context, 'preset') ?? defaultPreset(data)];
  const chosen = Object.fromEntries(
    Object.keys(RUN_OPTIONS).flatMap((key) => (context.options[key] === undefined ? [] : [[key, context.options[key]]])),
  );
  return { ...DEFAULT_CONFIG, ...preset.settings, ...chosen };
}

function defaultFolder(data: string): string {
  const name = data.split(/[:/\\]/).filter((part) => /^[\w-]+$/.test(part)).at(-1) ?? 'run';
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return join('runs', `${name}-${stamp}`);
}

/** Opens the folder: a new one, or with --resume an old one whose settings are taken over. */
function openRun(context: CommandContext): { run: OpenRun; config: RunConfig; resumed: boolean } {
  const resume = given<string>(context, 'resume');
  if (resume === undefined) {
    const config = configOf(context);
    const out = given<string>(context, 'out') ?? defaultFolder(config.data);
    return { run: createRun(out, { command: 'search', config }), config, resumed: false };
  }
  const settled = Object.keys(context.options).filter((key) => key in RUN_OPTIONS || key === 'preset' || key === 'out');
  if (settled.length > 0) {
    throw new ShiftAddError(
      'usage',
      `a resumed run keeps its settings, so ${settled.map(flagOf).join(', ')} cannot be given with --resume; leave it out or start a new run`,
    );
  }
  const run = resumeRun(resume);
  try {
    return { run, config: savedConfig(run), resumed: true };
  } catch (error) {
    run.close();
    throw error;
  }
}

function savedConfig(run: OpenRun): RunConfig {
  const parsed = runConfigSchema.safeParse(run.description.config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = issue.code === 'unrecognized_keys' ? issue.keys[0] : issue.path.join('.');
  const near = nearest(key, Object.keys(RUN_OPTIONS));
  throw new ShiftAddError(
    'run',
    `${run.config} does not fit this version of the program: ${key}: ${issue.message}${near && near !== key ? `; did you mean ${near}?` : ''}`,
    { key },
  );
}

function row({ name, genotype, accuracy, energyMj, latencyMs, params, operations }: NetworkResult): string[] {
  return [
    name,
    genotype,
    percent(accuracy),
    digits(energyMj),
    digits(latencyMs),
    count(params),
    count(operations.multiplications),
    count(operations.additions),
    count(operations.shifts),
  ];
}

function printResult(context: CommandContext, result: ResultInput): void {
  const networks = [result.winner, ...result.candidates, ...result.baselines] as NetworkResult[];
  const head = ['network', 'genotype', 'accuracy', 'mJ', 'ms', 'params', 'mult', 'add', 'shift'];
  context.print(`\n${table(head, networks.map(row))}`);
  const conv = result.baselines.find(({ name }) => name === 'all-conv');
  if (conv !== undefined) {
    const saved = 1 - result.winner.energyMj / conv.energyMj;
    const gap = 100 * (result.winner.accuracy - conv.accuracy);
    context.print(
      `\nwinner: ${result.winner.description}\n${percent(saved)} less energy than all-convolution, ${gap >= 0 ? '+' : ''}${gap.toFixed(2)} points of accuracy (${result.accelerator.name}, ${result.bits} bit)`,
    );
  }
}

export const search: Command = {
  name: 'search',
  summary: 'train a supernet, search it under limits, retrain the winners, write a report',
  options,
  examples: [
    'shiftaddnas search --data glyphs',
    'shiftaddnas search --data idx:path/to/fashion-mnist --limit-energy 70% --seed 1 --out runs/fashion',
    'shiftaddnas search --resume runs/fashion',
  ],
  async run(context) {
    const backend = await openBackend(
      (given<string>(context, 'backend') ?? 'auto') as 'auto',
      threadsOf(context),
    );
    try {
      const { run, config, resumed } = openRun(context);
      try {
        const bus = new EventBus();
        if (!context.json) {
          const earlier = resumed && existsSync(run.journal) ? readJournal(run.journal).map(({ event }) => event) : [];
          bus.subscribe(progressListener({ ...progressTo(process.stderr), earlier }));
          process.stderr.write(`run folder ${run.dir}, ${backend.description}\n`);
        }
        const result = await runPipeline({ run, config, backend, bus, signal: context.signal, resumed });
        const report = await writeReport(run.dir);
        printResult(context, result);
        context.print(`report: ${report}`);
        const { winner, baselines, front, supernet } = result;
        return { winner, candidates: result.candidates, baselines, front, supernet, runDir: run.dir, report };
      } finally {
        run.close();
      }
    } finally {
      backend.dispose();
    }
  },
};

export function threadsOf(context: CommandContext): { threads?: number } {
  const threads = given<number>(context, 'threads') ?? 0;
  return threads === 0 ? {} : { threads };
}
