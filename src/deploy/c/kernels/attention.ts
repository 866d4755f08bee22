/** Attention over all positions, a row of one head at a time, with the softmax of docs/integer.md. */
import { TABLE } from '../../integer/reference/softmax.ts';
import { constArray } from '../arrays.ts';
import { fixed, fixedKernel, type Part } from './part.ts';

export const ATTENTION: readonly Part[] = [
  {
    name: 'octave',
    needs: () => [],
    text: () => `/* 2^(15 - i / 256) */\n${constArray('uint16_t', 'octave', TABLE)}`,
  },
  fixedKernel(
    'shares',
    ['octave'],
    `\
/* The softmax of scores in place: exponentials of the base 2, in shares of 2^15. */
KERNEL void shares(int32_t *scores, int32_t count, int32_t largest, int32_t multiplier, int32_t shift)
{
  int64_t half = (int64_t)1 << (shift - 1);
  int32_t sum = 0;
  int32_t n = 0;
  int32_t reciprocal;
  for (int32_t j = 0; j < count; j++) {
    /* 256ths of an octave below the largest */
    int64_t u = ((int64_t)(largest - scores[j]) * multiplier + half) >> shift;
    scores[j] = u >= 4096 ? 0 : octave[u & 255] >> (u >> 8);
    sum += scores[j];
  }
  while (sum >> n >= 65536) n++;
  reciprocal = ((int32_t)1 << 30) / (sum >> n);
  for (int32_t j = 0; j < count; j++) {
    int32_t p = (scores[j] * reciprocal + ((int32_t)1 << (14 + n))) >> (15 + n);
    scores[j] = p > 32767 ? 32767 : p;
  }
}`,
    { multiplies: true },
  ),
  fixed(
    'attention',
    ['map', 'scaling'],
    `\
struct attention {
  const struct map *q, *k, *v, *y;
  struct scaling scaling;
  int32_t *scores;    /* [positions] */
  int32_t positions;
  extent heads, width; /* width: channels of a head */
  int16_t multiplier;
  uint8_t shift;
};`,
  ),
  fixedKernel(
    'run_attention',
    ['attention', 'shares', 'number', 'scaled', 'put'],
    `\
KERNEL void run_attention(const struct attention *l)
{
  int32_t c = l->y->c;
  int32_t head = 0; /* its first channel */
  for (int32_t n = l->heads; n > 0; n--, head += l->width) {
    int32_t own = head;
    for (int32_t i = l->positions; i > 0; i--, own += c) {
      int32_t largest = INT32_MIN;
      int32_t other = head;
      for (int32_t j = 0; j < l->positions; j++, other += c) {
        int32_t acc = 0;
        for (int32_t d = 0; d < l->width; d++) acc += number(l->q, own + d) * number(l->k, other + d);
        l->scores[j] = acc;
        if (acc > largest) largest = acc;
      }
      shares(l->scores, l->positions, largest, l->multiplier, l->shift);
      for (int32_t d = 0; d < l->width; d++) {
        int32_t acc = 0;
        other = head + d;
        for (int32_t j = 0; j < l->positions; j++, other += c) acc += l->scores[j] * number(l->v, other);
        put(l->y, own + d, scaled(&l->scaling, acc, head + d));
      }
    }
  }
}`,
    { multiplies: true },
  ),
];
