/**
 * Layers of convolution, shifts and additions. What a window sees at one position is copied together, padding included;
 * every output channel then adds up over that copy, run by run, and its sum is scaled. Addresses only ever move by steps
 * that the layer holds, so none is a product.
 */
import { type Features, fixed, fixedKernel, type Part } from './part.ts';
import { overPositions, SLIDE } from './slide.ts';

const KINDS = { conv: 'CONV', shift: 'SHIFT', add: 'ADD' } as const;
const FUNCTIONS = { conv: 'sum_products', shift: 'sum_shifted', add: 'sum_distances' } as const;

/** Runs over all that an output channel reads: `body` takes x and moves it on. */
const runs = (body: string): string => `\
  for (int32_t i = l->runs; i > 0; i--, x += l->skip) {
    for (int32_t k = l->run; k > 0; k--) {
${body}
    }
  }`;

function summed({ arithmetics }: Features): string {
  const [first, ...others] = arithmetics;
  const call = (kind: keyof typeof FUNCTIONS) => `${FUNCTIONS[kind]}(l, x, weights)`;
  const choices = others.map((kind) => `  if (l->kind == ${KINDS[kind]}) return ${call(kind)};\n`).join('');
  return `\
static inline int32_t summed(const struct window *l, const patch *x, const void *weights)
{
${choices}  return ${call(first)};
}`;
}

export const WINDOWS: readonly Part[] = [
  {
    name: 'patch',
    needs: () => [],
    text: ({ patchBits }) => `typedef int${patchBits}_t patch; /* numbers of what a window sees */`,
  },
  SLIDE,
  fixed(
    'window',
    ['map', 'slide', 'scaling', 'patch'],
    `\
enum { CONV, SHIFT, ADD };

/* A layer of weights. */
struct window {
  const struct map *x, *y;
  struct slide slide;
  struct scaling scaling;
  patch *seen;            /* [r][s][c] */
  const void *weights;
  int32_t next;           /* bytes of weights of one output channel */
  int32_t run, skip;      /* numbers of seen that lie together, and those of other groups behind them */
  extent runs;            /* as many an output channel reads */
  extent inputs, outputs; /* channels of a group */
  uint8_t kind;
  uint8_t bits; /* of a shift weight; how far the weights of an adder are shifted */
};`,
  ),
  {
    ...fixedKernel(
      'gather',
      ['COPIES', 'window', 'number'],
      `\
/* What the window sees whose upper left corner is row top, column edge, number at. */
COPIES KERNEL void gather(const struct window *l, int32_t top, int32_t edge, int32_t at)
{
  const struct map *x = l->x;
  patch *seen = l->seen;
  for (int32_t i = 0; i < l->slide.r; i++, at += l->slide.row) {
    int32_t from = at;
    for (int32_t j = 0; j < l->slide.s; j++) {
      if (top + i >= 0 && top + i < x->h && edge + j >= 0 && edge + j < x->w) {
        for (int32_t k = 0; k < x->c; k++) *seen++ = (patch)number(x, from + k);
      } else {
        for (int32_t k = 0; k < x->c; k++) *seen++ = (patch)x->zero;
      }
      from += x->c;
    }
  }
}`,
    ),
  },
  fixedKernel(
    'sum_products',
    ['window'],
    `\
/* Convolution: sum of x * w. */
KERNEL int32_t sum_products(const struct window *l, const patch *x, const void *weights)
{
  const int8_t *w = weights;
  int32_t acc = 0;
${runs('      acc += (int32_t)*x++ * *w++;')}
  return acc;
}`,
    { multiplies: true },
  ),
  fixedKernel(
    'sum_shifted',
    ['window', 'left'],
    `\
/* Shifts: sum of +-(x << (e - 1)), nothing where e is 0. A weight is a sign above the bits of e; they lie without holes. */
KERNEL int32_t sum_shifted(const struct window *l, const patch *x, const void *weights)
{
  const uint8_t *codes = weights;
  uint32_t sign = (uint32_t)1 << (l->bits - 1);
  uint32_t ahead = 0; /* bits that were read and not used yet */
  int32_t count = 0;  /* of them */
  int32_t acc = 0;
${runs(`\
      uint32_t e;
      if (count < l->bits) {
        ahead |= (uint32_t)*codes++ << count;
        count += 8;
      }
      e = ahead & (sign - 1);
      if (e != 0) {
        int32_t part = left(*x, (int32_t)e - 1);
        acc += (ahead & sign) != 0 ? -part : part;
      }
      ahead >>= l->bits;
      count -= l->bits;
      x++;`)}
  return acc;
}`,
  ),
  {
    name: 'sum_distances',
    needs: ({ weightShift }) => ['KERNEL', 'window', ...(weightShift ? ['left'] : [])],
    kernel: true,
    text: ({ weightShift }) => `\
/* Additions: minus the sum of |x - w|. */
KERNEL int32_t sum_distances(const struct window *l, const patch *x, const void *weights)
{
  const int8_t *w = weights;
  int32_t acc = 0;
${runs(`\
      int32_t distance = (int32_t)*x++ - ${weightShift ? 'left(*w++, l->bits)' : '*w++'};
      acc -= distance < 0 ? -distance : distance;`)}
  return acc;
}`,
  },
  {
    name: 'summed',
    needs: ({ arithmetics }) => [...arithmetics].map((kind) => FUNCTIONS[kind]),
    text: summed,
  },
  fixedKernel(
    'run_window',
    ['gather', 'summed', 'scaled', 'put'],
    `\
KERNEL void run_window(const struct window *l)
{
${overPositions(`\
      const patch *x = l->seen;
      const uint8_t *weights = l->weights;
      int32_t member = 0; /* of its group */
      gather(l, top, edge, at);
      for (int32_t o = 0; o < y->c; o++, weights += l->next) {
        put(y, out++, scaled(&l->scaling, summed(l, x, weights), o));
        if (++member == l->outputs) {
          member = 0;
          x += l->inputs;
        }
      }`)}
}`,
  ),
];
