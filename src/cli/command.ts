/**
 * A command is a record: what it takes, what it prints for people, and the object it prints with --json. Flags,
 * help and examples all come from the record.
 */
import type { Option, OptionValue } from '../runs/options.ts';

export interface CommandContext {
  /** Given on the command line or in --config, checked; defaults are filled in by the command itself. */
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly positional: readonly string[];
  readonly json: boolean;
  /** Lines for people on stdout; silent with --json. */
  print(text: string): void;
  /** Aborted by Ctrl-C: the command stops at the next safe place. */
  readonly signal: AbortSignal;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** `[file...]`, in commander's notation. */
  readonly positional?: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
  /** Returns what --json prints, or NOTHING. */
  run(context: CommandContext): Promise<object>;
}

/** Of a process that leaves printing to another. */
export const NOTHING = {};

/** An option without a default: `undefined` when it was not given. */
export function given<T extends OptionValue>(context: CommandContext, key: string): T | undefined {
  return context.options[key] as T | undefined;
}
