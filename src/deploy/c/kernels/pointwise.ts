/** Operations that look at one number at a time. */
import { fixed, fixedKernel, type Part } from './part.ts';

export const POINTWISE: readonly Part[] = [
  fixed(
    'rescale',
    ['map', 'scaling'],
    `\
struct rescale {
  const struct map *x, *y;
  struct scaling scaling;
};`,
  ),
  fixedKernel(
    'run_rescale',
    ['rescale', 'number', 'scaled', 'put'],
    `\
KERNEL void run_rescale(const struct rescale *l)
{
  int32_t channel = 0;
  for (int32_t i = 0; i < l->y->count; i++) {
    put(l->y, i, scaled(&l->scaling, number(l->x, i), channel));
    if (++channel == l->y->c) channel = 0;
  }
}`,
  ),
  fixed(
    'sum',
    ['map'],
    `\
/* y = ((a << a_shift) + (b << b_shift) + addend) >> shift. */
struct sum {
  const struct map *a, *b, *y;
  int32_t addend;
  uint8_t a_shift, b_shift, shift;
};`,
  ),
  fixedKernel(
    'run_sum',
    ['sum', 'number', 'left', 'put'],
    `\
KERNEL void run_sum(const struct sum *l)
{
  for (int32_t i = 0; i < l->y->count; i++) {
    int32_t t = left(number(l->a, i), l->a_shift) + left(number(l->b, i), l->b_shift) + l->addend;
    put(l->y, i, t >> l->shift);
  }
}`,
  ),
];
