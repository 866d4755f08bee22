/** What two runs of the same seed must have in common, whatever happened on the way: everything but the clock. */
import { existsSync, readFileSync } from 'node:fs';
import { runPaths } from '../../runs/folder.ts';

/** Events that only a run that was interrupted has, or that say which process wrote. */
const OF_THE_PROCESS = ['run-started', 'run-resumed', 'run-ended', 'note'];

export interface RunBytes {
  readonly result: string;
  readonly journal: string;
  readonly architectures: string;
  readonly histograms: string;
  readonly metrics: string;
  readonly architecture: string;
  /** Hexadecimal. */
  readonly weights: string;
}

export function runBytes(dir: string): RunBytes {
  const paths = runPaths(dir);
  const text = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : 'missing');
  return {
    result: withoutTimes(text(paths.result)),
    journal: journalWithoutClock(text(paths.journal)),
    architectures: text(paths.architectures),
    histograms: text(paths.histograms),
    metrics: text(`${paths.winner}/metrics.json`),
    architecture: text(`${paths.winner}/architecture.json`),
    weights: readFileSync(`${paths.winner}/weights.safetensors`).toString('hex'),
  };
}

/** A run of `train` has no result.json. */
function withoutTimes(text: string): string {
  if (text === 'missing') return text;
  const { times: _, ...result } = JSON.parse(text);
  return JSON.stringify(result);
}

/** The events that every run of the same settings has. */
export function journalWithoutClock(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => !OF_THE_PROCESS.includes(type))
    .map(({ time: _, ...event }) => JSON.stringify(event))
    .join('\n');
}
