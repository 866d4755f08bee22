/** A synthetic run as one that searched for something else than loss and energy; areas are made up. */
import fs from 'node:fs';
import type { NetworkScores, Objective } from '../../core/events.ts';
import { readArchitectures } from '../architectures.ts';
import { runPaths } from '../folder.ts';
import { readResult, writeResult } from '../result.ts';
import { recordedFront, recordedPoint } from '../searched-for.ts';

/** Changes journal, candidates and, where there is one, the result in `dir`. */
export function searchedInstead(dir: string, objectives: readonly Objective[]): void {
  const { journal, architectures, result: path } = runPaths(dir);
  changeLines(architectures, (one) => withArea(one as { energyMj: number }));
  const candidates = readArchitectures(architectures);
  const points = candidates.map((one) => recordedPoint(one, objectives));
  const corner = objectives.map((_, k) => Math.max(...points.map((point) => point[k])));
  changeLines(journal, (event) => {
    if (event.type === 'search-started') return { ...event, objectives };
    if (event.type === 'generation-ended') return { ...event, corner };
    const priced = event.type === 'candidate-scored' || event.type === 'network-evaluated';
    return priced ? withArea(event as { energyMj: number }) : event;
  });
  const result = readResult(path);
  if (result === undefined) return;
  writeResult(path, {
    ...result,
    search: { ...result.search, objectives: [...objectives] },
    winner: withArea(result.winner),
    candidates: result.candidates.map(withArea),
    baselines: result.baselines.map(withArea),
    front: recordedFront(candidates, objectives).map((i) => candidates[i]),
  });
}

function withArea<T extends Pick<NetworkScores, 'energyMj'>>(one: T): T & { areaMm2: number } {
  return { ...one, areaMm2: 1 + ((7 * one.energyMj) % 1) };
}

function changeLines(path: string, edit: (record: Record<string, unknown>) => object): void {
  const lines = fs.readFileSync(path, 'utf8').trimEnd().split('\n');
  fs.writeFileSync(path, lines.map((line) => `${JSON.stringify(edit(JSON.parse(line)))}\n`).join(''));
}
