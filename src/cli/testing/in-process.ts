/** Runs the program inside the test's own process, as fast as a call. */
import { COMMANDS } from '../all-commands.ts';
import { main } from '../program.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `shiftaddnas ARGS`, with what it prints kept and not shown. One at a time. */
export async function shiftaddnas(...args: string[]): Promise<Outcome> {
  const out = capture(process.stdout);
  const err = capture(process.stderr);
  try {
    const code = await main(COMMANDS, args);
    return { code, stdout: out.text(), stderr: err.text() };
  } finally {
    out.restore();
    err.restore();
  }
}

/** What `shiftaddnas ARGS --json` prints. Throws where it fails, or says anything else. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever the command says
export async function json(...args: string[]): Promise<any> {
  const outcome = await shiftaddnas(...args, '--json');
  if (outcome.code !== 0 || outcome.stderr !== '') throw new Error(`${outcome.code}: ${outcome.stderr}`);
  return jsonOf(outcome);
}

/** What `shiftaddnas ARGS` says on stderr, the refusal last. Throws where it does not refuse. */
export async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await shiftaddnas(...args);
  if (code === 0) throw new Error(`not refused: ${stderr}`);
  return stderr;
}

function capture(stream: NodeJS.WriteStream): { text(): string; restore(): void } {
  const write = stream.write;
  let text = '';
  stream.write = (chunk: string | Uint8Array) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    return true;
  };
  return {
    text: () => text,
    restore: () => {
      stream.write = write;
    },
  };
}

/** What a command printed with --json: exactly one line, one object. Throws otherwise. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever the command says
export function jsonOf({ stdout, stderr }: Outcome): any {
  const lines = stdout.split('\n');
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`not one line: ${stdout}\n${stderr}`);
  return JSON.parse(lines[0]);
}
