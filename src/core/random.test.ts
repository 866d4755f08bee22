import { describe, expect, test } from 'vitest';
import { Random, threefry } from './random.ts';

const hex = ([a, b]: [number, number]) => [a.toString(16).padStart(8, '0'), b.toString(16).padStart(8, '0')];

describe('threefry', () => {
  test.each([
    [[0, 0, 0, 0], '6b200159', '99ba4efe'],
    [[-1, -1, -1, -1], '1cb996fc', 'bb002be7'],
    [[0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3], 'c4923a9c', '483df7a0'],
  ])('known answers of Random123 (kat_vectors, threefry2x32 with 20 rounds): %j', (words, first, second) => {
    const [k0, k1, c0, c1] = words;
    expect(hex(threefry(k0, k1, c0, c1))).toEqual([first, second]);
  });
});

describe('a stream', () => {
  test('goes on from its saved state, through JSON, as if it had not been stopped', () => {
    const random = Random.fromSeed(7);
    for (let i = 0; i < 5; i++) random.normal();
    const copy = new Random(JSON.parse(JSON.stringify(random.state())));
    const rest = (stream: Random) => [stream.uniform(), stream.integer(10), stream.normal(), stream.uint32()];
    expect(rest(copy)).toEqual(rest(random));
  });

  test('uses the high word of its counter', () => {
    const low = new Random({ key: [1, 2], counter: 5 });
    const high = new Random({ key: [1, 2], counter: 5 + 2 ** 32 });
    expect(high.uint32()).not.toBe(low.uint32());
    expect(new Random({ key: [1, 2], counter: 5 + 2 ** 32 }).uint32()).toBe(threefry(1, 2, 5, 1)[0]);
  });

  test('splits by name alone: not by what was drawn before, nor by the order of splits', () => {
    const random = Random.fromSeed('a');
    const before = random.split('weights').uint32();
    random.uniform();
    random.split('other').uniform();
    expect(random.split('weights').uint32()).toBe(before);
    const labels = ['weights', 'weight', 'sweights', '', 0, 1, 10, 'layer1.conv2', 'layer2.conv1'];
    const first = new Set(labels.map((label) => random.split(label).uint32()));
    expect(first.size).toBe(labels.length);
    expect(Random.fromSeed('b').split('weights').uint32()).not.toBe(before);
  });

  test('a split stream is not correlated with the stream it came from', () => {
    const [a, b] = [Random.fromSeed(1), Random.fromSeed(1).split('x')];
    let product = 0;
    for (let i = 0; i < 2000; i++) product += a.normal() * b.normal();
    expect(Math.abs(product / 2000)).toBeLessThan(0.1);
  });
});

describe('draws', () => {
  test('uniform has the moments of its interval and stays inside', () => {
    const random = Random.fromSeed(3);
    const values = Array.from({ length: 5000 }, () => random.uniform(-2, 4));
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length;
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...values)).toBeLessThan(4);
    expect(mean).toBeCloseTo(1, 0);
    expect(Math.abs(variance - 3)).toBeLessThan(0.15);
  });

  const many = (random: Random) => {
    const values = new Float32Array(20_000);
    for (let i = 0; i < values.length; i += 25) random.normals(values, i, i + 25);
    return [...values];
  };
  test.each([
    ['normal', (random: Random) => Array.from({ length: 20_000 }, () => random.normal())],
    ['normals', many],
  ])('%s: mean 0, deviation 1 and the tails of a normal', (_, draw) => {
    const values = draw(Random.fromSeed(4));
    const mean = values.reduce((a, b) => a + b) / values.length;
    const deviation = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length);
    const beyond2 = values.filter((v) => Math.abs(v) > 2).length / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(0.006);
    const next = values.slice(1).reduce((sum, v, i) => sum + v * values[i], 0) / values.length;
    expect(Math.abs(next)).toBeLessThan(0.03);
  });

  test('integer is uniform over 0 .. n-1', () => {
    const random = Random.fromSeed(5);
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 7000; i++) counts[random.integer(7)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(random.integer(1)).toBe(0);
    for (const n of [0, -1, 1.5, Number.NaN]) expect(() => random.integer(n)).toThrow(RangeError);
  });

  test('bigint reaches beyond 2^53, and its halves are equally likely', () => {
    const random = Random.fromSeed(6);
    const n = 3n * 10n ** 20n;
    const values = Array.from({ length: 1000 }, () => random.bigint(n));
    expect(values.every((value) => value >= 0n && value < n)).toBe(true);
    const upper = values.filter((value) => value >= n / 2n).length;
    expect(Math.abs(upper - 500)).toBeLessThan(80);
    expect(values.some((value) => value % 2n === 1n)).toBe(true);
    expect(random.bigint(1n)).toBe(0n);
    expect(() => random.bigint(0n)).toThrow(RangeError);
  });

  test('boolean follows its probability', () => {
    const random = Random.fromSeed(8);
    let hits = 0;
    for (let i = 0; i < 2000; i++) if (random.boolean(0.2)) hits++;
    expect(Math.abs(hits - 400)).toBeLessThan(80);
  });

  test('shuffle and permutation keep every element, leave the original alone, and move all places alike', () => {
    const random = Random.fromSeed(9);
    const items = [1, 2, 3, 4];
    const firsts = new Array(5).fill(0);
    for (let i = 0; i < 2000; i++) {
      const shuffled = random.shuffle(items);
      expect([...shuffled].sort()).toEqual(items);
      firsts[shuffled[0]]++;
    }
    expect(items).toEqual([1, 2, 3, 4]);
    for (const count of firsts.slice(1)) expect(Math.abs(count - 500)).toBeLessThan(100);
    const order = random.permutation(50);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
    expect(['a', 'b']).toContain(random.choice(['a', 'b']));
  });
});
