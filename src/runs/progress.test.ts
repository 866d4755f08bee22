import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../core/events.ts';
import { showDuration } from './duration.ts';
import { type ProgressOptions, progressListener } from './progress.ts';

const started = (phase: string, index: number, of: number): RunEvent => ({
  type: 'phase-started',
  ...{ phase, index, of, title: `training ${phase}` },
});
const step = (phase: string, done: number, steps = 100): RunEvent => ({
  type: 'train-step',
  ...{ phase, step: done, steps, loss: 2 / done, rate: 0.1, imagesPerSecond: 512.4 },
});
const together = (...networks: [phase: string, done: number][]): RunEvent => ({
  type: 'networks-training',
  networks: networks.map(([phase, done]) => ({ phase, done })),
});
const ended = (phase: string): RunEvent => ({ type: 'phase-ended', phase, seconds: 61 });

/** What a listener writes for events at given milliseconds. */
function shown(
  options: Partial<ProgressOptions> & { interactive: boolean },
  timeline: readonly (readonly [ms: number, event: RunEvent])[],
): string[] {
  const out: string[] = [];
  let clock = 0;
  const listener = progressListener({ write: (text) => out.push(text), now: () => clock, ...options });
  for (const [ms, event] of timeline) {
    clock = ms;
    listener(event);
  }
  return out;
}

const reading = (part: string, fraction: number): RunEvent => ({
  type: 'data-reading',
  ...{ text: `${part}: ${100 * fraction} of 100 images read`, fraction },
});

test('data that take a while to read are shown with the time left, of each part anew, and quick ones not at all', () => {
  const out = shown({ interactive: false }, [
    [0, reading('quick', 0.5)],
    [900, reading('quick', 1)],
    [1000, reading('train', 0.1)],
    [4000, reading('train', 0.4)],
    [6000, reading('train', 0.6)],
    [9500, reading('train', 0.95)],
    [9900, reading('test', 0.2)],
    [15000, reading('test', 0.5)],
  ]);
  expect(out).toEqual([
    'train: 40 of 100 images read  40 %  6 s left\n',
    'train: 95 of 100 images read  95 %  1 s left\n',
    'test: 50 of 100 images read  50 %  9 s left\n',
  ]);
});

/** The lines that stand on a terminal of `columns` after `written`, without those behind the last text. */
function screenOf(written: readonly string[], columns = 200): string[] {
  const cells: string[][] = [[]];
  let [row, column] = [0, 0];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what moves a cursor is a control character
  for (const [, count, control, plain] of written.join('').matchAll(/\x1b\[(\d*)([AJK])|([\s\S])/g)) {
    if (control === 'A') row -= Number(count);
    else if (control !== undefined) {
      cells[row].length = Math.min(cells[row].length, column);
      if (control === 'J') cells.length = row + 1;
    } else if (plain === '\r') column = 0;
    else {
      if (plain === '\n' || column === columns) [row, column] = [row + 1, 0];
      cells[row] ??= [];
      if (plain !== '\n') cells[row][column++] = plain;
    }
  }
  return cells.map((line) => Array.from(line, (cell) => cell ?? ' ').join('')).filter((line) => line !== '');
}

const generation: RunEvent = {
  ...{ type: 'generation-ended', generation: 3, of: 5, evaluated: 36, feasible: 31, feasibleShare: 0.738 },
  ...{ frontSize: 12, hypervolume: 0.433 },
  best: {
    ...{ genotype: 'x', loss: 1.393, accuracy: 0.528 },
    ...{ energyMj: 0.19, latencyMs: 1, params: 1, macs: 1 },
  },
};
const scored = (index: number): RunEvent => ({
  ...{ type: 'candidate-scored', index, of: 60, genotype: 'x', loss: 1, accuracy: 0.5 },
  ...{ energyMj: 1, latencyMs: 1, params: 1, macs: 1 },
});
const searching: readonly (readonly [number, RunEvent])[] = [
  [0, { type: 'phase-started', phase: 'search', index: 2, of: 8, title: 'searching' }],
  [1_000, scored(12)],
  [3_600, scored(36)],
  [3_800, generation],
];

describe('on a terminal of 40, 80 and 160 columns', () => {
  const facts = [
    ...['generation 3/5', '36 scored', '73.8 % feasible', 'front 12', 'hypervolume 0.433'],
    ...['best loss 1.393', '52.8 %', '0.190 mJ', '3 s left', '60 %', '[2/8] searching'],
  ];
  test.each([40, 80, 160])('all that is known of a search stands on %i columns', (columns) => {
    const screen = screenOf(shown({ interactive: true, columns: () => columns }, searching), columns);
    for (const fact of facts) expect(screen.filter((line) => line.includes(fact))).toHaveLength(1);
    for (const line of screen) expect(line.length).toBeLessThan(columns);
    expect(screen[0]).toMatch(/^\[2\/8\] searching.*60 %.*3 s left$/);
    expect(screen.length).toBe({ 40: 5, 80: 3, 160: 1 }[columns]);
  });

  test.each([40, 80])('all that is known of a training stands on %i columns', (columns) => {
    const epoch: RunEvent = {
      ...{ type: 'epoch-ended', phase: 'supernet', epoch: 1, epochs: 2, trainLoss: 1.7 },
      ...{ validationLoss: 1.5, validationAccuracy: 0.396 },
    };
    const timeline = [
      [0, started('supernet', 1, 8)],
      [2_000, step('supernet', 50)],
      [2_200, epoch],
      [2_400, step('supernet', 60)],
    ] as const;
    const screen = screenOf(shown({ interactive: true, columns: () => columns }, timeline), columns);
    expect(screen[0]).toMatch(/^\[1\/8\] training supernet.*60 %.*2 s left$/);
    const below = screen.slice(1).map((line) => line.trim());
    expect(below.join(' ')).toBe('loss 0.033, held-out loss 1.500, accuracy 39.6 %, 512 images/s');
    for (const line of screen) expect(line.length).toBeLessThan(columns);
  });

  test.each([40, 80, 160])('nothing of %i columns is left over once the phase has ended', (columns) => {
    const timeline = [...searching, [4_000, ended('search')] as const];
    const screen = screenOf(shown({ interactive: true, columns: () => columns }, timeline), columns);
    const text = screen.map((line) => line.trim()).join(' ');
    expect(text.replace(/ +/g, ' ')).toBe(
      '[2/8] searching: done in 1:01 generation 3/5, 36 scored, 73.8 % feasible, front 12, hypervolume 0.433, best loss 1.393, 52.8 %, 0.190 mJ',
    );
    for (const line of screen) expect(line.length).toBeLessThan(columns);
  });

  test('no line is left over when the lines get fewer, and a note stays above them', () => {
    const timeline = [
      ...searching,
      [4_000, { type: 'note', text: 'a note' }],
      [4_200, scored(40)],
      [4_300, together(['search', 0.6], ['two', 0.2], ['three', 0.3], ['a-name-of-some-length', 0.1])],
      [4_400, scored(41)],
      [4_500, together()],
      [4_600, scored(42)],
    ] as const;
    const out = shown({ interactive: true, columns: () => 80 }, timeline);
    expect(screenOf(out.slice(0, -1), 80)).toHaveLength(5);
    const screen = screenOf(out, 80);
    expect(screen[0]).toBe('a note');
    expect(screen).toHaveLength(4);
    expect(screen.join('\n')).not.toContain('beside');
  });

  test('a terminal made narrower between two drawings keeps nothing of the earlier ones', () => {
    let columns = 160;
    const narrow: string[] = [];
    let clock = 0;
    const write = (text: string) => narrow.push(text);
    const listener = progressListener({ interactive: true, columns: () => columns, write, now: () => clock });
    for (const [ms, event] of [...searching, [4_100, scored(37)] as const]) {
      if (ms === 4_100) columns = 80;
      clock = ms;
      listener(event);
    }
    // The line of 159 characters took two rows of 80.
    expect(narrow.at(-1)?.startsWith('\r\x1b[1A[2/8] searching')).toBe(true);
  });

  test('lines never outnumber those of the terminal', () => {
    const options = { interactive: true, columns: () => 40, rows: () => 3 };
    const screen = screenOf(shown(options, searching), 40);
    expect(screen).toHaveLength(2);
    expect(screen[0]).toContain('3 s left');
  });

  test('what somebody else writes when the run is told to stop is not drawn over', () => {
    const stop = new AbortController();
    const out: string[] = [];
    let clock = 0;
    const write = (text: string) => out.push(text);
    const { signal } = stop;
    const listener = progressListener({
      interactive: true,
      columns: () => 80,
      write,
      signal,
      now: () => clock,
    });
    for (const [ms, event] of searching) {
      clock = ms;
      listener(event);
    }
    stop.abort();
    out.push('\nstopping\n');
    clock = 5_000;
    listener(scored(37));
    expect(screenOf(out, 80).map((line) => line.trim())[3]).toBe('stopping');
    expect(screenOf(out, 80)).toHaveLength(7);
  });
});

describe('progress', () => {
  test('on a wide terminal one line is redrawn, never wider than it, and ends in a newline with the phase', () => {
    const out = shown({ interactive: true, columns: () => 100 }, [
      [0, started('supernet', 1, 2)],
      ...Array.from({ length: 50 }, (_, i) => [i * 200 + 200, step('supernet', i + 1)] as const),
      [10_100, ended('supernet')],
    ]);
    for (const text of out.slice(0, -1)) {
      expect(text).not.toContain('\n');
      expect(screenOf([text])[0].length).toBeLessThan(100);
    }
    expect(out.at(-2)).toContain('[1/2] training supernet  ━━━━━━━━━━──────────   50 %  loss 0.040');
    expect(out.at(-1)).toBe('\r\x1b[J[1/2] training supernet: done in 1:01  loss 0.040, 512 images/s\n');
  });

  test('the end of a phase tells the time taken, of a short one to a tenth of a second', () => {
    const end = (seconds: number) =>
      shown({ interactive: false }, [[0, { type: 'phase-ended', phase: 'x', seconds }]])[0];
    expect([0.42, 9.96, 192].map(end)).toEqual([': done in 0.4 s\n', ': done in 10 s\n', ': done in 3:12\n']);
  });

  test('tells the pace of translators in sentences', () => {
    const timeline = [
      [0, started('supernet', 1, 2)],
      [6_000, step('supernet', 50)],
    ] as const;
    expect(shown({ interactive: false, examples: 'sentences' }, timeline).at(-1)).toContain(
      '512 sentences/s',
    );
  });

  test('says at the end which images could not be read, and names five', () => {
    const unreadable = Array.from({ length: 7 }, (_, i) => `${i}.JPEG`);
    const end: RunEvent = { type: 'run-ended', outcome: 'finished', seconds: 3, unreadable };
    expect(shown({ interactive: false }, [[0, end]])).toEqual([
      'images that could not be read: 7; training took others, measuring left them out (0.JPEG, 1.JPEG, 2.JPEG, 3.JPEG, 4.JPEG, and 2 more)\n',
      'finished after 3 s\n',
    ]);
  });

  test('says of how many images an accuracy is, where some could not be read', () => {
    const event: RunEvent = {
      ...{ type: 'network-evaluated', name: 'network', role: 'candidate', genotype: 'x' },
      ...{ loss: 2, accuracy: 0.5, validationAccuracy: 0.6, testImages: 53 },
      ...{ energyMj: 0.0261, latencyMs: 1, params: 1, macs: 1 },
    };
    expect(shown({ interactive: false }, [[0, event]])).toEqual([
      'network: 50.0 % of the 53 test images that could be read at 0.0261 mJ\n',
    ]);
  });

  test('a network is told by its accuracy, a translator by its BLEU', () => {
    const measured = (bleu?: number): RunEvent => ({
      ...{ type: 'network-evaluated', name: 'candidate-1', role: 'candidate', genotype: 'x' },
      ...{ loss: 2, accuracy: 0.613, validationAccuracy: 0.6, bleu },
      ...{ energyMj: 0.0261, latencyMs: 1, params: 1, macs: 1 },
    });
    const timeline = [
      [0, measured()],
      [1, measured(23.44)],
    ] as const;
    expect(shown({ interactive: false }, timeline)).toEqual([
      'candidate-1: 61.3 % at 0.0261 mJ\n',
      'candidate-1: BLEU 23.4 at 0.0261 mJ\n',
    ]);
  });

  test('elsewhere plain lines, at most one in five seconds, no control characters', () => {
    const out = shown({ interactive: false }, [
      [0, started('supernet', 1, 1)],
      ...Array.from({ length: 99 }, (_, i) => [i * 200 + 200, step('supernet', i + 1)] as const),
      [20_000, ended('supernet')],
    ]);
    expect(out).toHaveLength(1 + 3 + 1);
    expect(out[0]).toBe('[1/1] training supernet\n');
    expect(out[2]).toBe('[1/1] training supernet  50 %  loss 0.040, 512 images/s  10 s left\n');
    for (const text of out)
      expect(text).toBe(`${text.replaceAll('\r', '').replaceAll('\u001b', '').trim()}\n`);
  });

  test('notes and results of networks are lines of their own and the redrawn line goes on below', () => {
    const out = shown({ interactive: true }, [
      [0, started('supernet', 1, 1)],
      [200, step('supernet', 5)],
      [300, { type: 'note', text: 'adder scales end at 5.1' }],
      [400, step('supernet', 6)],
    ]);
    expect(out[1]).toBe('\r\x1b[Jadder scales end at 5.1\n');
    expect(out[2]).toContain('6 %');
  });

  test('networks that are trained at the same time stand behind the one whose turn it is', () => {
    const out = shown({ interactive: false }, [
      [0, started('retrain:one', 3, 6)],
      [
        5_000,
        together(['retrain:one', 0.3], ['retrain:two', 0.2], ['retrain:three', 0], ['retrain:four', 1]),
      ],
      [6_000, step('retrain:one', 30)],
      [11_000, ended('retrain:one')],
      [11_000, started('retrain:two', 4, 6)],
      [17_000, step('retrain:two', 90)],
    ]);
    expect(out[1]).toMatch(/^\[3\/6\] training retrain:one {2}30 % .* {2}beside it two 20 %/);
    expect(out.at(-1)).not.toContain('beside');
  });

  test('a resumed run knows the phase it goes on with, and the pace it had', () => {
    const at = ['2026-01-01T09:00:00.000Z', '2026-01-01T09:00:50.000Z'];
    const earlier = [started('supernet', 2, 2), step('supernet', 50)].map((event, i) => ({
      event,
      at: at[i],
    }));
    const out = shown({ interactive: false, earlier }, [
      [0, { type: 'run-resumed', text: 'going on' }],
      [10_000, step('supernet', 60)],
      [20_000, step('supernet', 70)],
    ]);
    expect(out.at(-1)).toMatch(/^\[2\/2\] training supernet {2}70 % .* 30 s left\n$/);
  });
});

test('durations as people read them', () => {
  expect([0.4, 59, 61, 3729].map(showDuration)).toEqual(['0 s', '59 s', '1:01', '1:02:09']);
});
