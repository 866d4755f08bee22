import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOfClass, ScopedMemory, sizeClassOf } from './scopes.ts';

function memory(): { memory: ScopedMemory<{ bytes: number }>; taken: () => number } {
  let taken = 0;
  const source = {
    create(bytes: number) {
      taken += bytes;
      return { bytes };
    },
    destroy(_block: { bytes: number }, bytes: number) {
      taken -= bytes;
    },
  };
  return { memory: new ScopedMemory('test', source), taken: () => taken };
}

describe('size classes', () => {
  test('a class holds what it was chosen for and wastes at most a quarter, or 64 bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 36 }), (bytes) => {
        const held = bytesOfClass(sizeClassOf(bytes));
        expect(held).toBeGreaterThanOrEqual(bytes);
        expect(held % 64).toBe(0);
        expect(held).toBeLessThanOrEqual(Math.max(bytes * 1.25 + 64, 64));
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('scopes', () => {
  test('a thousand scopes take no more memory than one', () => {
    const { memory: blocks, taken } = memory();
    for (let i = 0; i < 1000; i++) {
      const scope = blocks.openScope();
      for (let k = 1; k <= 20; k++) blocks.allocate(k * 37, 'float32');
      scope.close();
    }
    const after = blocks.statistics();
    expect(after.used).toBe(0);
    expect(after.reserved).toBe(after.peak);
    expect(taken()).toBe(after.reserved);
  });

  test('sizes that change from scope to scope stay within the peak, a quarter and the slack', () => {
    const { memory: blocks } = memory();
    for (let i = 1; i <= 1000; i++) {
      const scope = blocks.openScope();
      for (let k = 0; k < 4; k++) blocks.allocate(((i * 7919) % 5000) * 1000 + k, 'float32');
      scope.close();
    }
    const { peak, reserved } = blocks.statistics();
    expect(reserved).toBeLessThanOrEqual(peak * 1.25 + 64 * 2 ** 20);
  });

  test('live buffers never share a block, whatever is opened, kept, freed and closed', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 5000 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { memory: blocks } = memory();
        const scopes: { keep(b: never): void; close(): void }[] = [];
        let live: { buffer: ReturnType<typeof blocks.allocate>; depth: number }[] = [];
        for (const [action, size] of steps) {
          const pick = live.length > 0 ? live[size % live.length] : undefined;
          if (action === 0) scopes.push(blocks.openScope());
          else if (action === 1 && scopes.length > 0) {
            const depth = scopes.length;
            scopes.pop()?.close();
            live = live.filter((entry) => entry.depth < depth);
          } else if (action === 2 && pick !== undefined && scopes.length > 0) {
            scopes[scopes.length - 1].keep(pick.buffer as never);
            pick.depth = Math.min(pick.depth, scopes.length - 1);
          } else if (action === 3 && pick !== undefined) {
            blocks.free(pick.buffer);
            live = live.filter((entry) => entry !== pick);
          } else live.push({ buffer: blocks.allocate(size, 'float32'), depth: scopes.length });
          const held = live.map((entry) => blocks.block(entry.buffer));
          expect(new Set(held).size).toBe(live.length);
          const bytes = held.reduce((sum, block) => sum + block.bytes, 0);
          expect(blocks.statistics().used).toBe(bytes);
        }
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  test('a kept buffer outlives its scope by one', () => {
    const { memory: blocks } = memory();
    const outer = blocks.openScope();
    const inner = blocks.openScope();
    const kept = blocks.allocate(10, 'float32');
    const dropped = blocks.allocate(10, 'float32');
    inner.keep(kept);
    inner.close();
    expect(() => blocks.block(kept)).not.toThrow();
    expect(() => blocks.block(dropped)).toThrow(/internal: a buffer of 10 elements was used after/);
    outer.close();
    expect(() => blocks.block(kept)).toThrow(/freed/);
  });

  test('closing an outer scope closes those an exception left open; closing twice does nothing', () => {
    const { memory: blocks } = memory();
    const outer = blocks.openScope();
    const inner = blocks.openScope();
    blocks.allocate(5, 'float32');
    outer.close();
    inner.close();
    outer.close();
    expect(blocks.statistics().used).toBe(0);
    expect(() => inner.keep(blocks.allocate(1, 'int32'))).toThrow(/internal: keep/);
  });

  test('freed, foreign and impossible buffers are errors', () => {
    const { memory: mine } = memory();
    const { memory: other } = memory();
    const buffer = mine.allocate(3, 'float32');
    expect(() => other.block(buffer)).toThrow(/internal: .* another backend/);
    expect(() => mine.block({ length: 3, type: 'float32' })).toThrow(/another backend/);
    mine.free(buffer);
    expect(() => mine.free(buffer)).toThrow(/freed/);
    for (const length of [-1, 1.5, Number.NaN, 2 ** 40]) {
      expect(() => mine.allocate(length, 'float32')).toThrow(/2\^34/);
    }
  });

  test('disposing gives everything back', () => {
    const { memory: blocks, taken } = memory();
    const held = blocks.allocate(100, 'float32');
    blocks.openScope();
    blocks.allocate(100, 'float32');
    blocks.dispose();
    expect(taken()).toBe(0);
    expect(() => blocks.block(held)).toThrow(/freed/);
    expect(() => blocks.allocate(1, 'float32')).toThrow(/disposed/);
  });
});
