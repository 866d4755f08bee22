/** The line of `bench` on terminals of some width, and where there is none. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { benchProgress } from './progress.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** What is written of half of a measurement that has taken a minute, and after its end. */
function written(stream: { isTTY: boolean; columns?: number }): string[] {
  const out: string[] = [];
  const write = (text: string) => out.push(text) > 0;
  const progress = benchProgress(false, { ...stream, write } as unknown as NodeJS.WriteStream);
  vi.advanceTimersByTime(60_000);
  progress.show('supernet of space cifar, random paths: batch 64, 32x32x3', 0.5);
  progress.end();
  return out;
}

test.each([40, 80, 160])(
  'on %i columns one line is drawn that fits and tells the time left, and goes again',
  (columns) => {
    const [line, end] = written({ isTTY: true, columns });
    const text = line.replace('\x1b[K\x1b[J', '');
    expect(text).toMatch(/^measuring supernet .* 50 % {2}1:00 left$/);
    expect(text.length).toBeLessThan(columns);
    expect(end).toBe('\r\x1b[J');
  },
);

test('elsewhere it is a plain line', () => {
  expect(written({ isTTY: false })).toEqual([
    'measuring supernet of space cifar, random paths: batch 64, 32x32x3: 50 %, 1:00 left\n',
  ]);
});
