/** What it takes to repeat the run, and what was noted on the way. */
import type { Accelerator } from '../../hardware/accelerator.ts';
import { listObjectives } from '../../search/objectives.ts';
import { describeMeasured, describePrediction } from '../latency-source.ts';
import type { Result } from '../result.ts';
import { count, percent } from './format.ts';
import { eventsOf, limitsOf, type ReportData, searchedFor } from './gather.ts';
import { type Markup, markup } from './markup.ts';
import { taskOf } from './task.ts';

export function facts(data: ReportData): Markup {
  const { description, result, journal, dir } = data;
  const started = eventsOf(journal, 'run-started').at(-1);
  const searches = eventsOf(journal, 'search-started');
  const limits = Object.entries(limitsOf(data)).map(
    ([key, value]) => [`limit ${key}`, String(value)] as const,
  );
  const run: (readonly [string, string])[] = [
    ['command', description.command],
    ...(started === undefined ? [] : [['version', started.version] as const]),
    ['folder', dir],
    ...(journal.length === 0 ? [] : [['started', clock(journal[0].at)] as const]),
    ...(journal.length === 0 ? [] : [['last event', clock(journal[journal.length - 1].at)] as const]),
    ...(searches.length === 0 ? [] : [['made small', listObjectives(searchedFor(data))] as const]),
    ...limits,
  ];
  const about: (readonly [string, string])[] =
    result === undefined
      ? []
      : [
          ['data', result.dataset.source],
          [
            taskOf(data).dataOf,
            `${result.dataset.train} to train, ${result.dataset.validation} held out, ${result.dataset.test} to test`,
          ],
          ...(result.dataset.classes === undefined
            ? []
            : [['classes', classes(result.dataset.classes)] as const]),
          ...(result.dataset.pair === undefined
            ? []
            : [['languages', `${result.dataset.pair}, ${result.dataset.vocabulary} subwords`] as const]),
          ['accelerator', `${result.accelerator.name}, ${result.bits} bits`],
          ...latencyOf(result),
          [
            'supernet',
            `${count(result.supernet.params)} parameters, ${percent(result.supernet.params / Math.max(1, result.supernet.paramsUnshared), 0)} of ${count(result.supernet.paramsUnshared)} without sharing`,
          ],
        ];
  const machine = Object.entries(started?.machine ?? {}).map(([key, value]) => [key, String(value)] as const);
  const config = Object.entries(description.config).map(([key, value]) => [key, show(value)] as const);
  const notes = journal.flatMap(({ event }) =>
    event.type === 'note' || event.type === 'run-resumed' ? [event.text] : [],
  );
  return markup`<section id="run"><h2>About this run</h2><div class="facts">
${block('Run', run)}${block('Data and hardware', about)}${block('Machine', machine)}${block('Settings', config, 'many')}
</div>${notes.length > 0 && markup`<h3>Notes</h3><ul class="notes">${notes.map((note) => markup`<li>${note}</li>`)}</ul>`}</section>`;
}

/** Where latency comes from, if not from a model. */
function latencyOf({ latency, accelerator }: Result): (readonly [string, string])[] {
  const { calibration } = accelerator as Pick<Accelerator, 'calibration'>;
  const text = latency === undefined ? describeMeasured({ calibration }) : describePrediction(latency);
  return text === undefined ? [] : [['latency', text.replace(/^latency is /, '')]];
}

function block(
  title: string,
  entries: readonly (readonly [string, string])[],
  kind = '',
): Markup | undefined {
  if (entries.length === 0) return undefined;
  return markup`<div class="${kind}"><h3>${title}</h3><dl>${entries.map(([key, value]) => markup`<div><dt>${key}</dt><dd>${value}</dd></div>`)}</dl></div>`;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function classes(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.length}: ${names.slice(0, 8).join(', ')}, …`;
}

/** `2026-01-31 09:30 UTC` */
function clock(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso;
}
