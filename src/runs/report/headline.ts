/** The first thing to read: what was found, in one sentence and a few figures. */
import { costsAmong, objectiveName } from '../../search/objectives.ts';
import { showDuration } from '../duration.ts';
import { change, count, millijoule, millisecond, percent, squareMillimetre } from './format.ts';
import { eventsOf, type ReportData, type Retrained, referenceOf, retrained } from './gather.ts';
import { type Markup, markup } from './markup.ts';
import { type Task, taskOf } from './task.ts';

export function headline(data: ReportData): Markup {
  const task = taskOf(data);
  const networks = retrained(data);
  const winner = networks.find(({ role }) => role === 'winner');
  const reference = referenceOf(networks, task);
  const data_ = data.result?.dataset.source ?? String(data.description.config.data ?? 'the data');
  const seed = data.description.config.seed;
  const name = shortSource(data_) + task.also;
  const at = task.also === '' ? ' at' : ', at';
  const [state, badge] = stateOf(data);
  const [cost] = costsAmong(task.objectives);
  const [mine, theirs = 0] = [winner?.[cost], reference?.[cost]];
  const beside =
    reference !== undefined &&
    mine !== undefined &&
    theirs > 0 &&
    `${at} ${percent(mine / theirs, 0)} of the ${objectiveName(cost)} of ${plain(reference.name, task)}`;
  const title =
    winner !== undefined
      ? markup`${task.headline(winner)} on ${name}${beside}`
      : markup`A ${data.description.command} on ${name}`;
  return markup`<header><p class="over"><span>shiftaddnas</span> <span>${data.description.command}</span> <span class="badge ${badge}">${state}</span></p>
<h1>${title}</h1><p class="lead">${leadOf(data, winner)}${seed !== undefined && ` Seed ${String(seed)}.`}</p></header>
${winner !== undefined && tiles(winner, reference, task)}`;
}

function leadOf({ candidates, result, journal }: ReportData, winner: Retrained | undefined): Markup {
  const evaluated = result?.search.evaluated ?? candidates.length;
  const shared = result?.supernet;
  const searchedIn =
    shared === undefined
      ? ''
      : ` One supernet of ${count(shared.params)} shared parameters scored them; without sharing it would hold ${count(shared.paramsUnshared)}.`;
  if (winner !== undefined) {
    return markup`The winner <code>${winner.genotype}</code> was chosen among ${String(evaluated)} candidates and trained from scratch.${searchedIn}`;
  }
  const phase = eventsOf(journal, 'phase-started').at(-1);
  const sofar =
    evaluated > 0 ? `${evaluated} candidates have been scored.` : 'No candidate has been scored yet.';
  return markup`${phase === undefined ? 'It has just begun.' : `Last seen in phase ${phase.index} of ${phase.of}: ${phase.title}.`} ${sofar}`;
}

/** What became of the run, and the class of its badge. */
function stateOf({ journal, result }: ReportData): [text: string, badge: string] {
  const last = journal.findLast(
    ({ event }) => event.type === 'run-ended' || event.type === 'run-resumed',
  )?.event;
  if (last?.type === 'run-ended') {
    const text = { finished: 'finished in', interrupted: 'interrupted after', failed: 'failed after' }[
      last.outcome
    ];
    return [`${text} ${showDuration(last.seconds)}`, last.outcome];
  }
  return result === undefined ? ['in progress', 'going'] : ['finished', 'finished'];
}

function tiles(winner: Retrained, reference: Retrained | undefined, task: Task): Markup {
  const other = reference?.name ?? '';
  const than = (text: string) => (reference === undefined || text === '' ? '' : `${text} against ${other}`);
  const tile = (label: string, value: string, detail: string) =>
    markup`<div><dt>${label}</dt><dd>${value}</dd><dd class="detail">${detail}</dd></div>`;
  const operations = winner.full?.operations;
  const theirs = reference?.full?.operations;
  const scores = task.tiles.map(({ label, show, difference }) =>
    tile(label, show(winner), than(reference === undefined ? '' : difference(winner, reference))),
  );
  const { areaMm2 } = winner;
  const areaTile =
    areaMm2 !== undefined &&
    task.objectives.includes('areaMm2') &&
    tile('area', squareMillimetre(areaMm2), than(change(areaMm2, reference?.areaMm2 ?? 0)));
  return markup`<dl class="tiles">
${scores}
${tile(`energy of ${task.example}`, millijoule(winner.energyMj), than(change(winner.energyMj, reference?.energyMj ?? 0)))}
${tile('latency', millisecond(winner.latencyMs), than(change(winner.latencyMs, reference?.latencyMs ?? 0)))}
${areaTile}
${tile('parameters', count(winner.params), than(change(winner.params, reference?.params ?? 0)))}
${operations !== undefined && tile('multiplications', count(operations.multiplications), than(change(operations.multiplications, theirs?.multiplications ?? 0)))}</dl>`;
}

/** `fashion-mnist` of `idx:../data/fashion-mnist`. */
function shortSource(source: string): string {
  return (
    source
      .replace(/^[^:]*:/, '')
      .split(/[/\\]/)
      .filter(Boolean)
      .at(-1) ?? source
  );
}

function plain(name: string, { reference }: Task): string {
  return name === reference.name ? reference.article : name;
}
