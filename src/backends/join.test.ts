/** What a backend shares, one that joined it reads in place; an absent backend is skipped, with its reason. */
import { describe, expect, test } from 'vitest';
import { ShiftAddError } from '../core/errors.ts';
import type { Backend } from './backend.ts';
import { joinBackend } from './join.ts';
import { availableBackends, openBackend } from './open.ts';

async function pair(name: 'native' | 'wasm' | 'reference'): Promise<[Backend, Backend]> {
  const owner = await openBackend(name, { threads: 2 });
  const link = owner.link();
  if (link === undefined) throw new Error(`${name} gives no link`);
  return [owner, await joinBackend(link)];
}

for (const { name, present, reason } of await availableBackends()) {
  if (name === 'webgpu') continue; // a GPU's memory is one thread's
  describe.skipIf(!present)(`backend ${name} (${reason})`, () => {
    test('a view holds what the owner wrote, of either type, and goes on showing it', async () => {
      const [owner, guest] = await pair(name);
      const [floats, integers] = [owner.allocate(5), owner.allocate(3, 'int32')];
      owner.write(floats, [1, -2, 0.5, 4, 5]);
      owner.write(integers, [7, 8, 9]);
      const shared = [owner.share(floats), owner.share(integers)];
      const [view, other] = shared.map((one) => guest.view(one));
      expect(await guest.read(view)).toEqual(Float32Array.of(1, -2, 0.5, 4, 5));
      expect(await guest.read(other)).toEqual(Int32Array.of(7, 8, 9));
      owner.write(floats, [6], 1);
      expect((await guest.read(view))[1]).toBe(6);
      expect((await owner.read(floats))[1]).toBe(6);
      guest.dispose();
      owner.dispose();
    });

    test('kernels of the guest read views and give the bits that the owner gives', async () => {
      const [owner, guest] = await pair(name);
      const shape = { batch: 1, m: 70, n: 33, k: 129, transposeA: false, transposeB: true };
      const product = { ...shape, alpha: 1, accumulate: false };
      const [a, b] = [owner.allocate(70 * 129), owner.allocate(33 * 129)];
      owner.random('normal', a, [1, 2]);
      owner.random('normal', b, [3, 4]);
      const run = (backend: Backend, x: typeof a, w: typeof b) => {
        const y = backend.allocate(70 * 33);
        backend.matmul(x, w, y, product);
        return backend.read(y);
      };
      const views = [owner.share(a), owner.share(b)].map((one) => guest.view(one));
      expect(await run(guest, views[0], views[1])).toEqual(await run(owner, a, b));
      guest.dispose();
      expect(await run(owner, a, b)).toHaveLength(70 * 33); // the guest's end is not the owner's
      owner.dispose();
    });

    test('a view costs no memory, is not written to, and is forgotten without being given back', async () => {
      const [owner, guest] = await pair(name);
      const buffer = owner.allocate(1000);
      owner.fill(buffer, 3);
      const before = guest.memory();
      const scope = guest.openScope();
      const view = guest.view(owner.share(buffer));
      expect(guest.memory()).toEqual(before);
      expect(() => guest.write(view, [1])).toThrow(/internal: .* can only be read/);
      scope.close();
      expect(() => guest.free(view)).toThrow(ShiftAddError);
      const again = guest.view(owner.share(buffer));
      guest.free(again);
      expect(guest.memory()).toEqual(before);
      expect(guest.allocate(1000)).not.toBe(view);
      expect((await owner.read(buffer))[999]).toBe(3);
      guest.dispose();
      expect((await owner.read(buffer))[0]).toBe(3);
      owner.dispose();
    });
  });
}
