/** Functions of one number as tables, and products with one factor for each channel. */
import { byWidth } from './basics.ts';
import { fixed, fixedKernel, type Part } from './part.ts';

export const TABLES: readonly Part[] = [
  fixed(
    'lookup',
    ['map'],
    `\
/* y = the entry of x >> shift, drawn towards the next one by what is shifted out. */
struct lookup {
  const struct map *x, *y;
  const void *table; /* [257], as wide as y, the first for -128 */
  uint8_t shift;
};`,
  ),
  {
    name: 'entry',
    needs: () => ['lookup'],
    text: ({ writes }) => `\
static inline int32_t entry(const struct lookup *l, int32_t at)
{
  return ${byWidth(writes, 'l->y', (bits) => `((const int${bits}_t *)l->table)[at + 128]`)};
}`,
  },
  fixedKernel(
    'run_lookup',
    ['lookup', 'entry', 'number', 'put'],
    `\
KERNEL void run_lookup(const struct lookup *l)
{
  for (int32_t i = 0; i < l->y->count; i++) put(l->y, i, entry(l, number(l->x, i)));
}`,
  ),
  fixedKernel(
    'run_curve',
    ['lookup', 'entry', 'number', 'left', 'put'],
    `\
KERNEL void run_curve(const struct lookup *l)
{
  int32_t half = left(1, l->shift - 1);
  for (int32_t i = 0; i < l->y->count; i++) {
    int32_t q = number(l->x, i), at = q >> l->shift, here = entry(l, at);
    int32_t part = (entry(l, at + 1) - here) * (q - left(at, l->shift));
    put(l->y, i, here + ((part + half) >> l->shift));
  }
}`,
    { multiplies: true },
  ),
  fixed(
    'gate',
    ['map', 'scaling'],
    `\
/* Factors of the channels of x: a map of one position. */
struct gate {
  const struct map *x, *factors, *y;
  struct scaling scaling;
};`,
  ),
  fixedKernel(
    'run_gate',
    ['gate', 'number', 'scaled', 'put'],
    `\
KERNEL void run_gate(const struct gate *l)
{
  int32_t channel = 0;
  for (int32_t i = 0; i < l->y->count; i++) {
    int32_t acc = (number(l->x, i) - l->x->zero) * (number(l->factors, channel) - l->factors->zero);
    put(l->y, i, scaled(&l->scaling, acc, channel));
    if (++channel == l->y->c) channel = 0;
  }
}`,
    { multiplies: true },
  ),
];
