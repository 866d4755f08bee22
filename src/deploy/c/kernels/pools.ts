/** Pools: positions outside the map take no part. */
import { MOST_TERMS } from '../../integer/program.ts';
import { fixed, fixedKernel, type Part } from './part.ts';
import { overPositions } from './slide.ts';

/** Over positions and channels, then over what lies inside the map: `each` takes number(l->x, from). */
const pooled = (before: string, each: string, after: string): string =>
  overPositions(`\
      for (int32_t k = 0; k < y->c; k++) {
${before}
        int32_t below = at + k;
        for (int32_t i = top; i < top + l->slide.r; i++, below += l->slide.row) {
          int32_t from = below;
          for (int32_t j = edge; j < edge + l->slide.s; j++, from += y->c) {
            if (i < 0 || i >= l->x->h || j < 0 || j >= l->x->w) continue;
${each}
          }
        }
${after}
      }`);

export const POOLS: readonly Part[] = [
  fixed(
    'share',
    [],
    `\
/* How the sum of so many numbers becomes their mean, as in by_terms. */
struct share {
  int32_t count;
  int32_t addend;
  int8_t terms[${MOST_TERMS}];
};`,
  ),
  fixed(
    'mean_pool',
    ['map', 'slide', 'share'],
    `\
struct mean_pool {
  const struct map *x, *y;
  struct slide slide;
  const struct share *shares; /* one for every number of positions that lie inside a window */
  uint8_t shift;
};`,
  ),
  fixedKernel(
    'run_mean_pool',
    ['mean_pool', 'number', 'power', 'put'],
    `\
KERNEL void run_mean_pool(const struct mean_pool *l)
{
${pooled(
  `\
        const struct share *share = l->shares;
        int32_t sum = 0;
        int32_t count = 0;
        int32_t t;`,
  `\
            sum += number(l->x, from);
            count++;`,
  `\
        while (share->count != count) share++;
        t = share->addend;
        for (int32_t n = 0; n < ${MOST_TERMS}; n++) t += power(sum, share->terms[n]);
        put(y, out++, t >> l->shift);`,
)}
}`,
  ),
  fixed(
    'max_pool',
    ['map', 'slide'],
    `\
struct max_pool {
  const struct map *x, *y;
  struct slide slide;
};`,
  ),
  fixedKernel(
    'run_max_pool',
    ['max_pool', 'number', 'put'],
    `\
KERNEL void run_max_pool(const struct max_pool *l)
{
${pooled(
  `\
        int32_t largest = INT16_MIN;`,
  `\
            int32_t q = number(l->x, from);
            if (q > largest) largest = q;`,
  `\
        put(y, out++, largest);`,
)}
}`,
  ),
];
