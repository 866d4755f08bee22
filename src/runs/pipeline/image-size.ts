/** How large the images of a run are. */
import type { Space } from '../../spaces/space.ts';
import type { RunConfig } from '../options.ts';

/** The published space is one for 224 pixels: its last stage sees 7 x 7 of them, at 1/32 (spec 3.1). */
const DEEPEST = 32;
const PUBLISHED_SIZE = 224;

/** Pixels a side that are asked for; undefined: as the images are. */
export function imageSizeOf(
  { data, imageSize }: Pick<RunConfig, 'data' | 'imageSize'>,
  { stages }: Space,
): number | undefined {
  if (imageSize > 0) return imageSize;
  const deep = stages.some(({ scale }) => scale >= DEEPEST);
  return deep && data.startsWith('folder:') ? PUBLISHED_SIZE : undefined;
}
