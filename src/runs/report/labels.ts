/** Places labels beside marks so that they cover neither each other, nor a mark, nor other text, nor the border. */
import { textWidth } from './plot.ts';

export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface Placed extends Mark {
  /** Left end and baseline of the text. */
  readonly at: readonly [x: number, y: number];
  /** Far from its mark: draw a line between them. */
  readonly far: boolean;
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const SIZE = 13;

/** `bounds`: where text may stand; `others`: what stands there already. Earlier marks get the better places. */
export function placeLabels(marks: readonly Mark[], bounds: Box, others: readonly Box[] = []): Placed[] {
  const taken: Box[] = [...marks.map(({ x, y }) => around(x, y, 8)), ...others];
  return marks.map((mark, own) => {
    const width = textWidth(mark.text, SIZE);
    let best: { at: [number, number]; box: Box; cost: number; far: boolean } | undefined;
    for (const [at, far] of candidates(mark, width)) {
      const box = { left: at[0], right: at[0] + width, top: at[1] - SIZE, bottom: at[1] + 4 };
      const outside =
        Math.max(0, bounds.left - box.left) +
        Math.max(0, box.right - bounds.right) +
        Math.max(0, bounds.top - box.top) +
        Math.max(0, box.bottom - bounds.bottom);
      const covered = taken.reduce((sum, other, i) => sum + (i === own ? 0 : overlap(box, other)), 0);
      const cost = outside * 100 + covered;
      if (best === undefined || cost < best.cost) best = { at, box, cost, far };
    }
    taken.push(best!.box);
    return { ...mark, at: best!.at, far: best!.far };
  });
}

function* candidates({ x, y }: Mark, width: number): Iterable<[at: [number, number], far: boolean]> {
  yield [[x + 11, y + 4], false];
  yield [[x - width - 11, y + 4], false];
  yield [[x - width / 2, y - 12], false];
  yield [[x - width / 2, y + 22], false];
  for (const distance of [26, 44, 62]) {
    for (const dy of [-distance, distance]) {
      yield [[x + 8, y + dy], true];
      yield [[x - width - 8, y + dy], true];
      yield [[x - width / 2, y + dy], true];
    }
  }
}

function around(x: number, y: number, r: number): Box {
  return { left: x - r, right: x + r, top: y - r, bottom: y + r };
}

function overlap(a: Box, b: Box): number {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return wide > 0 && high > 0 ? wide * high : 0;
}
