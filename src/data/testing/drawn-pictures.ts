/** Picture files of two classes, for tests of what is decoded while training. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { loadSharp } from '../image.ts';

type Sharp = Awaited<ReturnType<typeof loadSharp>>;

export const COUNT = 24;
/** In the order of the set. */
export const UNREADABLE = 5;
/** `train/` and `test/`: pictures below, at and far above twice the size that is trained, upright and lying, grey ones among them. */
export async function drawPictures(sharp: Sharp, root: string): Promise<void> {
  for (const part of ['train', 'test']) {
    for (const name of ['a', 'b']) fs.mkdirSync(join(root, part, name), { recursive: true });
  }
  for (let i = 0; i < COUNT; i++) {
    const [width, height, channels] = [6 + 3 * i, 60 - 2 * i, i % 7 === 0 ? 1 : 3] as const;
    const pixels = Uint8Array.from(
      { length: width * height * channels },
      (_, at) => Math.imul(at + 3 * i, 2654435761) >>> 24,
    );
    const image = sharp(pixels, { raw: { width, height, channels } });
    const bytes = i % 2 === 0 ? await image.png().toBuffer() : await image.jpeg().toBuffer();
    const place = join(root, 'train', i < COUNT / 2 ? 'a' : 'b');
    fs.writeFileSync(join(place, `${String(i).padStart(2, '0')}.png`), i === UNREADABLE ? 'torn' : bytes);
    if (i > 1) continue;
    for (const name of ['a', 'b']) fs.writeFileSync(join(root, 'test', name, `${i}.png`), bytes);
  }
}
