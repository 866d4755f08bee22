/** Pictures that threads share: each decoded by one of them, the same bytes for all, whatever comes in between. */
import { expect, test } from 'vitest';
import type { Size, Window } from './crops.ts';
import type { Decoded } from './image.ts';
import { openRing, PictureRing } from './picturering.ts';

/** A picture of its own for each position, [2, width, 3]. */
function picture(position: number): Decoded {
  const width = 1 + (position % 3);
  const pixels = Uint8Array.from({ length: 6 * width }, (_, i) => (31 * position + i) % 256);
  return { height: 2, width, pixels };
}
const lower = ({ width }: Size): Window => ({ top: 1, left: 0, height: 1, width });
const expected = (position: number) => {
  const { width, pixels } = picture(position);
  return { rows: pixels.slice(3 * width), width, window: lower({ height: 2, width }) };
};

/** Several threads' rings over one memory, which count what they decode. */
function rings(count: number, { places = 4, bytes = 18 } = {}) {
  const memory = openRing(places, bytes);
  const decoded: number[] = [];
  const part = Array.from({ length: count }, () => {
    const ring = new PictureRing(memory);
    return (position: number, wait?: Promise<unknown>) =>
      ring.part(position, lower, async () => {
        decoded.push(position);
        await wait;
        return picture(position);
      });
  });
  return { memory, decoded, part };
}

test('what one thread has decoded another one uses, until a picture a round later takes its place', async () => {
  const { decoded, part } = rings(2);
  for (const position of [0, 1, 2, 3, 2, 0, 4, 1, 5, 4, 0, 1])
    expect(await part[position % 2](position)).toEqual(expected(position));
  expect(decoded).toEqual([0, 1, 2, 3, 4, 5, 0, 1]);
});

test('who asks for a picture that is being decoded waits for it, in the same thread and in another', async () => {
  const { decoded, part } = rings(2);
  let done = () => {};
  const wait = new Promise<void>((resolve) => {
    done = resolve;
  });
  const asked = [part[0](7, wait), part[0](7), part[1](7), part[1](3)];
  expect(await asked[3]).toEqual(expected(3)); // its place is taken, so it is decoded and not kept
  done();
  for (const one of asked.slice(0, 3)) expect(await one).toEqual(expected(7));
  expect(decoded).toEqual([7, 3]);
});

test('one that is too large is decoded each time; one that fails leaves its place to others', async () => {
  const { decoded, part, memory } = rings(1, { bytes: 12 });
  for (const position of [2, 1, 2, 1]) expect(await part[0](position)).toEqual(expected(position));
  expect(decoded).toEqual([2, 1, 2]);
  const ring = new PictureRing(memory);
  await expect(ring.part(9, lower, () => Promise.reject(new Error('torn')))).rejects.toThrow('torn');
  expect(await part[0](9)).toEqual(expected(9));
  expect(await part[0](9)).toEqual(expected(9));
  expect(decoded).toEqual([2, 1, 2, 9]);
});

test('many threads in any order: always the picture that was asked for', async () => {
  const { decoded, part } = rings(3, { places: 5 });
  const asked = Array.from({ length: 600 }, (_, i) => Math.floor(i / 10) + ((7 * i) % 6));
  const found = await Promise.all(asked.map((position, i) => part[i % 3](position)));
  for (const [i, one] of found.entries()) expect(one).toEqual(expected(asked[i]));
  expect(decoded.length).toBeLessThan(asked.length);
});
