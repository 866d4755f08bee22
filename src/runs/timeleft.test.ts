/** How long a run still takes, told over events that a clock of its own goes with. */
import { describe, expect, test } from 'vitest';
import type { PlannedPhase, RunEvent } from '../core/events.ts';
import type { JournalEntry } from './journal.ts';
import { TimeLeft } from './timeleft.ts';

const runStarted: RunEvent = { type: 'run-started', command: 'search', version: '1', seed: 0, machine: {} };
const planned = (...phases: PlannedPhase[]): RunEvent => ({ type: 'run-planned', phases });
const started = (phase: string): RunEvent => ({
  type: 'phase-started',
  ...{ phase, index: 1, of: 9, title: phase },
});
const step = (phase: string, done: number): RunEvent => ({
  type: 'train-step',
  ...{ phase, step: done * 1000, steps: 1000, loss: 1, rate: 0.1, imagesPerSecond: 512 },
});
const scored = (index: number, of: number): RunEvent => ({
  type: 'candidate-scored',
  ...{ index, of, genotype: 'x', loss: 1, accuracy: 0 },
  ...{ energyMj: 1, latencyMs: 1, params: 1, macs: 1 },
});
const together = (...networks: [phase: string, done: number][]): RunEvent => ({
  type: 'networks-training',
  networks: networks.map(([phase, done]) => ({ phase, done })),
});
const ended = (phase: string): RunEvent => ({ type: 'phase-ended', phase, seconds: 1 });

type Timeline = readonly (readonly [seconds: number, event: RunEvent])[];

const START = Date.parse('2026-01-01T09:00:00.000Z');
const journal = (timeline: Timeline): JournalEntry[] =>
  timeline.map(([seconds, event]) => ({ event, at: new Date(START + 1000 * seconds).toISOString() }));

/** Seconds left after each event; `earlier`: journal of the run that is resumed. */
function leftAfter(timeline: Timeline, earlier: Timeline = []): (number | undefined)[] {
  let clock = 0;
  const left = new TimeLeft(() => clock);
  left.resume(journal(earlier));
  return timeline.map(([seconds, event]) => {
    clock = 1000 * seconds;
    left.listen(event);
    return left.seconds();
  });
}
const secondsAfter = (timeline: Timeline, earlier?: Timeline) => leftAfter(timeline, earlier).at(-1);

const SUPERNET: PlannedPhase = { phase: 'supernet', kind: 'supernet', work: 16 };
const SEARCH: PlannedPhase = { phase: 'search', kind: 'search', work: 4 };
const training = (phase: string, work: number): PlannedPhase => ({ phase, kind: 'training', work });
const trial = (i: number) => training(`trial:${i}`, 1);
const network = (i: number) => training(`retrain:${i}`, 5);

describe('time left', () => {
  test('nothing is said before anything is done, nor in the first moments', () => {
    const [begun, early, settled] = leftAfter([
      [0, started('supernet')],
      [0.01, step('supernet', 0.001)],
      [2, step('supernet', 0.1)],
    ]);
    expect([begun, early]).toEqual([undefined, undefined]);
    expect(settled).toBeCloseTo(18);
  });

  test('phases to come are told by their work, not by how many they are', () => {
    // A quarter of 16 passes in 80 s: 20 s a pass, and 12 + 4 + 10 + 30 passes are left.
    const phases = [SUPERNET, SEARCH];
    for (let i = 1; i <= 10; i++) phases.push(trial(i));
    for (let i = 1; i <= 6; i++) phases.push(network(i));
    const left = secondsAfter([
      [0, planned(...phases)],
      [0, started('supernet')],
      [80, step('supernet', 0.25)],
    ]);
    expect(left).toBeCloseTo(56 * 20);
  });

  test('a kind of phases goes at the pace of the others first, and soon at its own', () => {
    // The supernet takes 20 s a pass, the search 100 s, which makes 400 s.
    const left = leftAfter([
      [0, planned(SUPERNET, SEARCH, network(1))],
      [0, started('supernet')],
      [320, ended('supernet')],
      [320, started('search')],
      [324, scored(1, 100)],
      [520, scored(50, 100)],
      [720, ended('search')],
    ]);
    expect(left[3]).toBeCloseTo(4 * 20 + 5 * 20);
    const others = 5 * ((320 + 4) / 16.04);
    expect(left[4]).toBeGreaterThan(others + 4 * 20);
    expect(left[4]).toBeLessThan(others + 2 * 4 * 20);
    const truth = 200 + 5 * ((320 + 200) / 18);
    expect(Math.abs((left[5] ?? 0) / truth - 1)).toBeLessThan(0.15);
    expect(left[6]).toBeCloseTo(5 * (720 / 20));
  });

  test('networks side by side: their common pace, and the same for those that wait', () => {
    // Two at a time, 50 s for 5 passes each: 5 s a pass together.
    const left = leftAfter([
      [0, runStarted],
      [0, planned(network(1), network(2), network(3), network(4))],
      [0, started('retrain:1')],
      [10, together(['retrain:1', 0.2], ['retrain:2', 0.2], ['retrain:3', 0], ['retrain:4', 0])],
      [50, together(['retrain:1', 1], ['retrain:2', 0.98], ['retrain:3', 0], ['retrain:4', 0])],
      [50, ended('retrain:1')],
      [50, started('retrain:2')],
      [75, together(['retrain:1', 1], ['retrain:2', 1], ['retrain:3', 0.5], ['retrain:4', 0.5])],
    ]);
    expect(left[3]).toBeCloseTo((20 - 2) * 5);
    expect(left[4]).toBeCloseTo((20 - 9.9) * (50 / 9.9));
    expect(left[7]).toBeCloseTo(5 * 5);
  });

  test('short trainings of the same kind tell the pace of the long ones', () => {
    const left = secondsAfter([
      [0, planned(SUPERNET, trial(1), trial(2), network(1))],
      [0, started('supernet')],
      [1600, ended('supernet')],
      [1600, started('trial:1')],
      [1610, ended('trial:1')],
      [1610, started('trial:2')],
      [1620, ended('trial:2')],
    ]);
    // 10 s a pass was seen for two of seven passes; the 100 s of the supernet count no more.
    expect(left).toBeCloseTo(5 * 10);
  });

  test('until a tenth of a kind is seen the others stand for the rest of the tenth', () => {
    const phases = [SUPERNET];
    for (let i = 1; i <= 40; i++) phases.push(trial(i));
    const left = leftAfter([
      [0, runStarted],
      [0, planned(...phases)],
      [0, started('supernet')],
      [1600, ended('supernet')],
      [1600, started('trial:1')],
      [1610, ended('trial:1')],
      [1610, started('trial:2')],
      [1640, together(['trial:2', 1], ['trial:3', 1], ['trial:4', 1])],
    ]);
    expect(left[5]).toBeCloseTo((39 * (10 + 3 * 100)) / 4);
    expect(left[7]).toBeCloseTo(36 * 10);
  });

  test('a plan that is told again counts', () => {
    const left = secondsAfter([
      [0, planned(SUPERNET, network(1), network(2))],
      [0, started('supernet')],
      [160, step('supernet', 0.5)],
      [160, planned(SUPERNET, network(1))],
    ]);
    expect(left).toBeCloseTo((8 + 5) * 20);
  });

  const EARLIER: Timeline = [
    [0, runStarted],
    [0, started('supernet')],
    [320, ended('supernet')],
    [320, started('search')],
    [360, scored(50, 100)],
  ];

  test('a resumed run knows what it did and how long it took, but not the time it was stopped', () => {
    const left = leftAfter(
      [
        [5, { type: 'run-resumed', text: '' }],
        [5, planned(SUPERNET, SEARCH, network(1))],
        [10, scored(60, 100)],
      ],
      [...EARLIER, [90_000, { type: 'run-resumed', text: '' }], [90_010, scored(55, 100)]],
    );
    // 20 s a pass of the supernet; 40 + 10 s for 0.55 of four passes of the search, then 5 more for 0.05.
    expect(left[1]).toBeCloseTo(0.45 * 4 * (50 / 2.2) + 5 * (370 / 18.2));
    expect(left[2]).toBeCloseTo(0.4 * 4 * (55 / 2.4) + 5 * (375 / 18.4));
  });

  test('of networks side by side a journal holds the first: the others count as soon as they are heard of', () => {
    const earlier: Timeline = [
      [0, runStarted],
      [0, started('retrain:1')],
      [25, step('retrain:1', 0.5)],
    ];
    const left = secondsAfter(
      [
        [0, { type: 'run-resumed', text: '' }],
        [0, planned(network(1), network(2))],
        [5, together(['retrain:1', 0.6], ['retrain:2', 0.6])],
      ],
      earlier,
    );
    expect(left).toBeCloseTo(20);
  });

  test('a training alone that is resumed starts its journal anew: what it did and its pace stay known', () => {
    const earlier: Timeline = [
      [0, runStarted],
      [0, started('retrain:network')],
      [25, step('retrain:network', 0.5)],
    ];
    const left = secondsAfter(
      [
        [0, runStarted],
        [0, planned(training('retrain:network', 5))],
        [0, started('retrain:network')],
        [5, step('retrain:network', 0.6)],
      ],
      earlier,
    );
    expect(left).toBeCloseTo(20);
  });

  test('of a run whose beginning nobody told, the pace is that of what is seen', () => {
    const left = secondsAfter([
      [0, { type: 'run-resumed', text: '' }],
      [0, planned(SUPERNET)],
      [10, step('supernet', 0.5)],
      [30, step('supernet', 0.75)],
    ]);
    expect(left).toBeCloseTo(20);
  });

  test('several runs of one process, one after the other, are told apart', () => {
    const left = secondsAfter([
      [0, runStarted],
      [0, started('supernet')],
      [100, ended('supernet')],
      [100, { type: 'run-ended', outcome: 'finished', seconds: 100 }],
      [100, runStarted],
      [100, started('supernet')],
      [110, step('supernet', 0.1)],
    ]);
    expect(left).toBeCloseTo(90);
  });
});
