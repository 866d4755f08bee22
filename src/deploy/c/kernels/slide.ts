/** A window that slides over a map: layers of weights and pools go the same way. */
import { fixed, type Part } from './part.ts';

export const SLIDE: Part = fixed(
  'slide',
  ['extent'],
  `\
/* A window and how it moves over a value; places are counted in numbers. */
struct slide {
  extent r, s, stride, pad;
  int32_t first; /* place of its upper left corner at the first position: before the map where there is padding */
  int32_t row;   /* from a row of the map to the next */
  int32_t down;  /* from a row of positions to the next */
  int32_t right; /* from a position to the next */
};`,
);

/**
 * Moves over the positions of l->y: `each` finds the window's upper left corner in row `top` and column `edge`, at place `at`
 * of l->x, and counts `out`, the place of its next result, on.
 */
export const overPositions = (each: string): string => `\
  const struct map *y = l->y;
  int32_t top = -l->slide.pad;
  int32_t line = l->slide.first;
  int32_t out = 0;
  for (int32_t e = 0; e < y->h; e++, top += l->slide.stride, line += l->slide.down) {
    int32_t edge = -l->slide.pad;
    int32_t at = line;
    for (int32_t f = 0; f < y->w; f++, edge += l->slide.stride, at += l->slide.right) {
${each}
    }
  }`;
