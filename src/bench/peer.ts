/**
 * The other side of a comparison: a process that times one job on request, so that ours and theirs take turns. It
 * reads a JSON object a line on stdin and answers each with one on stdout.
 *
 *   it    {"ready": {"torch": "1.13.1", ...}, "warnings": [...]}      once at its start, or {"missing": "why"}
 *   we    {"job": {"kind": "matmul", ...}, "budget": 25}              a job of job.ts, milliseconds of a burst
 *   it    {"ms": [12.1, 12.0]}                                        or {"error": "why"}
 *   we    {"memory": "cnnStep", "batch": 64, "steps": 20}
 *   it    {"bytes": 90000000}
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ShiftAddError } from '../core/errors.ts';

export type Answer = Readonly<Record<string, unknown>>;

export interface Peer {
  /** What it said of itself. */
  readonly introduction: Answer;
  /** Reasons why the comparison would be unfair, a sentence each. */
  readonly warnings: readonly string[];
  /** Timings of one burst, ms. Throws 'run' when the peer could not. */
  time(job: object, budget: number): Promise<readonly number[]>;
  ask(request: object): Promise<Answer>;
  close(): void;
}

class ProcessPeer implements Peer {
  readonly introduction: Answer;
  readonly warnings: readonly string[];
  private readonly lines: Lines;

  constructor(introduction: Answer, warnings: readonly string[], lines: Lines) {
    this.introduction = introduction;
    this.warnings = warnings;
    this.lines = lines;
  }

  async time(job: object, budget: number): Promise<readonly number[]> {
    const { ms } = await this.ask({ job, budget });
    if (
      !Array.isArray(ms) ||
      ms.length === 0 ||
      !ms.every((value) => typeof value === 'number' && value > 0)
    ) {
      throw failed(`the peer must answer a job with milliseconds, but said ${JSON.stringify(ms)}`);
    }
    return ms;
  }

  async ask(request: object): Promise<Answer> {
    const answer = await this.lines.exchange(JSON.stringify(request));
    if (typeof answer.error === 'string') {
      throw failed(`the peer failed at ${JSON.stringify(request)}: ${answer.error}`);
    }
    return answer;
  }

  close(): void {
    this.lines.close();
  }
}

/** Starts a peer. Undefined when it says that what it needs is missing, or cannot be started at all. */
export async function startPeer(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Peer | undefined> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = new Lines(child);
  try {
    const { ready, warnings } = await lines.next();
    if (typeof ready !== 'object' || ready === null) {
      lines.close();
      return undefined;
    }
    return new ProcessPeer(ready as Answer, Array.isArray(warnings) ? warnings.map(String) : [], lines);
  } catch {
    lines.close();
    return undefined;
  }
}

const failed = (sentence: string) => new ShiftAddError('run', sentence);

/** Lines of JSON to and from a process, one exchange at a time. */
class Lines {
  private readonly child: ChildProcess;
  private readonly received: Answer[] = [];
  private waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  private ended: ShiftAddError | undefined;

  constructor(child: ChildProcess) {
    this.child = child;
    createInterface({ input: child.stdout! }).on('line', (line) => this.take(line));
    child.on('error', (error) => this.end(`the peer could not be started: ${error.message}`));
    child.on('close', (code) => this.end(`the peer ended with code ${code} and did not answer`));
    child.stdin?.on('error', () => {}); // it ended: 'close' says so
  }

  private take(line: string): void {
    let answer: Answer;
    try {
      answer = JSON.parse(line);
    } catch {
      return; // a library that prints to stdout
    }
    if (this.waiting === undefined) this.received.push(answer);
    else this.waiting.resolve(answer);
    this.waiting = undefined;
  }

  private end(sentence: string): void {
    this.ended ??= failed(sentence);
    this.waiting?.reject(this.ended);
    this.waiting = undefined;
  }

  next(): Promise<Answer> {
    const answer = this.received.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    if (this.ended !== undefined) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  exchange(line: string): Promise<Answer> {
    this.child.stdin?.write(`${line}\n`);
    return this.next();
  }

  close(): void {
    this.child.stdin?.end();
    this.child.kill();
  }
}
