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

describe('progress', () => {
  test('on a terminal one line is redrawn, never wider than it, and ends in a newline with the phase', () => {
    const out = shown({ interactive: true, columns: () => 70 }, [
      [0, started('supernet', 1, 2)],
      ...Array.from({ length: 50 }, (_, i) => [i * 200 + 200, step('supernet', i + 1)] as const),
      [10_100, ended('supernet')],
    ]);
    for (const text of out.slice(0, -1)) {
      expect(text.startsWith('\r\x1b[2K')).toBe(true);
      expect(text).not.toContain('\n');
      expect(text.replace('\r\x1b[2K', '').length).toBeLessThan(70);
    }
    expect(out.at(-2)).toContain('[1/2] training supernet  ━━━━━━━━━━──────────   50 %  loss 0.040');
    expect(out.at(-1)).toBe('\r\x1b[2K[1/2] training supernet: done in 1:01  loss 0.040  512 images/s\n');
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
      'images that could not be read, and gave way to others: 7 (0.JPEG, 1.JPEG, 2.JPEG, 3.JPEG, 4.JPEG, and 2 more)\n',
      'finished after 3 s\n',
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
    expect(out[2]).toBe('[1/1] training supernet  50 %  loss 0.040  512 images/s  10 s left\n');
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
    expect(out[1]).toBe('\r\x1b[2Kadder scales end at 5.1\n');
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
