/** Windows over images, as programs see them: the shape's numbers, and the WGSL that finds a pixel under a window. */
import type { WindowShape } from '../../backend.ts';

/** Signed, for a window may begin outside of the image. */
export const WINDOW_PARAMS = ['n', 'h', 'w', 'c', 'r', 's', 'm', 'stride', 'pad', 'groups', 'e', 'f'].map(
  (name) => `i32 ${name}`,
);

export function windowNumbers(shape: WindowShape): readonly number[] {
  const { n, h, w, c, r, s, m, stride, pad, groups, e, f } = shape;
  return [n, h, w, c, r, s, m, stride, pad, groups, e, f];
}

/**
 * Corner: where the window of output pixel i begins, and where its image does. Tap: a place in the window and a channel
 * of the group, numbered as weights [r, s, c / groups] are. A tap outside of the image reads 0.
 */
export const WINDOW = `
struct Corner { image: i32, row: i32, column: i32 }
struct Tap { row: i32, column: i32, channel: i32 }
fn cornerOf(i: u32) -> Corner {
  let pixel = i32(i);
  let line = pixel / p.f;
  return Corner(line / p.e * p.h, line % p.e * p.stride - p.pad, pixel % p.f * p.stride - p.pad);
}
fn tapOf(i: u32, channels: i32) -> Tap {
  let tap = i32(i) / channels;
  return Tap(tap / p.s, tap % p.s, i32(i) % channels);
}
fn underWindow(corner: Corner, tap: Tap, channel: i32) -> f32 {
  let row = corner.row + tap.row;
  let column = corner.column + tap.column;
  if (row < 0 || row >= p.h || column < 0 || column >= p.w) { return 0.0; }
  return x[((corner.image + row) * p.w + column) * p.c + channel];
}
`;
