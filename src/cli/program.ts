/** Builds the command line from the command records and runs it. */
import { readFileSync } from 'node:fs';
import { Command as Commander, CommanderError, Option as Flag } from 'commander';
import { nearest, ShiftAddError } from '../core/errors.ts';
import { flagOf, type Option, type OptionValue } from '../runs/options.ts';
import { version } from '../version.ts';
import { type Command, type CommandContext, NOTHING } from './command.ts';

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by the user (resumable). */
export function exitCode(error: unknown): number {
  if (!(error instanceof ShiftAddError)) return 1;
  if (error.code === 'usage') return 2;
  return error.code === 'interrupted' ? 130 : 1;
}

/** Reads and checks one option's value; `where` names the flag or the config key. */
export function parseOption(option: Option, value: unknown, where: string): OptionValue {
  if (option.several !== true) return parseOne(option, value, where);
  const values = Array.isArray(value) ? value : [value];
  return values.map((one) => String(parseOne(option, one, where)));
}

function parseOne(option: Option, value: unknown, where: string): string | number | boolean {
  const fail = (rule: string): never => {
    const found = typeof value === 'object' ? JSON.stringify(value) : `"${value}"`;
    throw new ShiftAddError('usage', `${where} must be ${rule}, but got ${found}`, { where });
  };
  switch (option.kind) {
    case 'text':
      if (option.data === true && isObject(value)) return JSON.stringify(value);
      return typeof value === 'string' && value !== ''
        ? value
        : fail(`a text that is not empty${option.data === true ? ' or an object' : ''}`);
    case 'boolean':
      return typeof value === 'boolean' ? value : fail('true or false');
    case 'choice': {
      const text = String(value);
      if (option.choices!.includes(text)) return text;
      const near = nearest(text, option.choices!);
      return fail(`one of ${option.choices!.join(', ')}${near ? ` (did you mean ${near}?)` : ''}`);
    }
    case 'integer':
    case 'number': {
      const parsed = typeof value === 'number' ? value : Number(String(value).trim() || 'x');
      const low = option.minimum ?? 0;
      const high = option.maximum ?? Number.MAX_VALUE;
      const whole = option.kind === 'integer';
      if (option.word !== undefined && value === option.word) return value;
      if (
        !Number.isFinite(parsed) ||
        parsed < low ||
        parsed > high ||
        (whole && !Number.isSafeInteger(parsed))
      ) {
        const range = high === Number.MAX_VALUE ? `of at least ${low}` : `from ${low} to ${high}`;
        const or = option.word === undefined ? '' : ` or ${option.word}`;
        return fail(`${whole ? 'a whole number' : 'a number'} ${range}${or}`);
      }
      return parsed;
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function placeholderOf({ placeholder = 'value', bare }: Option): string {
  return bare === undefined ? `<${placeholder}>` : `[${placeholder}]`;
}

function addFlags(commander: Commander, command: Command): void {
  for (const [key, option] of Object.entries(command.options)) {
    const name = flagOf(key);
    const notes =
      (option.several ? '; may be given again' : '') +
      (option.initial === undefined ? '' : ` (default: ${option.initial})`);
    const flag = new Flag(
      option.kind === 'boolean' ? name : `${name} ${placeholderOf(option)}`,
      option.help + notes,
    );
    if (option.several) flag.argParser((value, earlier: string[] = []) => [...earlier, value]);
    commander.addOption(flag);
  }
  commander.option('--json', 'print one JSON object and nothing else on stdout');
  if (command.examples.length > 0) {
    commander.addHelpText(
      'after',
      `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join('\n')}`,
    );
  }
}

/** Settings of a --config file, with unknown keys refused by name. */
function readConfig(path: string, options: Readonly<Record<string, Option>>): Record<string, OptionValue> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ShiftAddError(
      'usage',
      `--config ${path} must be a readable JSON file: ${(cause as Error).message}`,
      {},
      cause,
    );
  }
  if (!isObject(parsed)) {
    throw new ShiftAddError('usage', `--config ${path} must hold one JSON object of settings`);
  }
  const out: Record<string, OptionValue> = {};
  for (const [key, value] of Object.entries(parsed)) {
    const option = options[key];
    if (option === undefined) {
      const near = nearest(key, Object.keys(options));
      throw new ShiftAddError(
        'usage',
        `unknown key "${key}" in ${path}${near ? `; did you mean "${near}"?` : ''}`,
        { key },
      );
    }
    out[key] = parseOption(option, value, `"${key}" in ${path}`);
  }
  return out;
}

async function runCommand(
  command: Command,
  positional: readonly string[],
  flags: Record<string, unknown>,
): Promise<number> {
  const json = flags.json === true;
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(130); // asked twice: the last checkpoint stands
    stop.abort();
    process.stderr.write('\nstopping at the next safe place (again to stop at once) ...\n');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const options: Record<string, OptionValue> =
      typeof flags.config === 'string' ? readConfig(flags.config, command.options) : {};
    for (const [key, option] of Object.entries(command.options)) {
      const value = flags[key] === true && option.bare !== undefined ? option.bare : flags[key];
      if (value !== undefined) options[key] = parseOption(option, value, flagOf(key));
    }
    const context: CommandContext = {
      options,
      positional,
      json,
      print: (text) => {
        if (!json) process.stdout.write(`${text}\n`);
      },
      signal: stop.signal,
    };
    const result = await command.run(context);
    if (json && result !== NOTHING) process.stdout.write(`${JSON.stringify(result)}\n`);
    return 0;
  } catch (error) {
    return report(error, json);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function report(error: unknown, json: boolean): number {
  const known = error instanceof ShiftAddError;
  const message = known ? error.message : `internal: ${(error as Error)?.stack ?? String(error)}`;
  process.stderr.write(`shiftaddnas: ${message}\n`);
  if (json) {
    const body = known ? { code: error.code, message, fields: error.fields } : { code: 'internal', message };
    process.stdout.write(`${JSON.stringify({ error: body })}\n`);
  }
  return exitCode(error);
}

/** commander's message on one line: `unknown option '--sed'; did you mean --seed?` */
function sentenceOf(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.?\s*\n\((Did you mean .*\?)\)$/, (_, hint: string) => `; d${hint.slice(1)}`)
    .replaceAll('\n', ' ');
}

/** Runs the program with the given arguments (without node and script); resolves to the exit code. */
export async function main(commands: readonly Command[], args: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Commander('shiftaddnas')
    .description(
      'Searches hybrid networks of convolution, attention, shift and add under energy and latency limits.',
    )
    .version(version)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: (text, write) => write(`shiftaddnas: ${sentenceOf(text)}\n`) });
  for (const command of commands) {
    const sub = program.command(command.name).description(command.summary).exitOverride();
    if (command.positional !== undefined) sub.argument(command.positional);
    addFlags(sub, command);
    sub.action(async (...actionArgs: unknown[]) => {
      const positional = command.positional === undefined ? [] : [actionArgs[0]].flat();
      code = await runCommand(
        command,
        positional.filter((word) => word !== undefined) as string[],
        sub.opts(),
      );
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (args.includes('--json')) {
        const message = error.code === 'commander.help' ? 'a command is needed' : sentenceOf(error.message);
        process.stdout.write(`${JSON.stringify({ error: { code: 'usage', message, fields: {} } })}\n`);
      }
      return 2;
    }
    throw error;
  }
  return code;
}
