/** Types of sizes and values, reading and writing of numbers, and shifts to the left. */
import { type Features, fixed, type Part } from './part.ts';

/** An expression by the widths that occur: one of the two, or a choice. */
export const byWidth = (widths: ReadonlySet<8 | 16>, map: string, of: (bits: 8 | 16) => string): string =>
  widths.size === 2 ? `${map}->bits == 8 ? ${of(8)} : ${of(16)}` : of(widths.has(16) ? 16 : 8);

function put({ writes }: Features): string {
  const store = (bits: 8 | 16) => `((int${bits}_t *)y->numbers)[at] = (int${bits}_t)q;`;
  const stores =
    writes.size === 2
      ? `  if (y->bits == 8) {\n    ${store(8)}\n  } else {\n    ${store(16)}\n  }`
      : `  ${store(writes.has(16) ? 16 : 8)}`;
  return `\
/* Number at of a value, once it is within its bounds. */
static inline void put(const struct map *y, int32_t at, int32_t q)
{
  if (q < y->low) q = y->low;
  if (q > y->high) q = y->high;
${stores}
}`;
}

export const BASICS: readonly Part[] = [
  fixed(
    'KERNEL',
    [],
    `\
/*
 * Functions of their own in the compiled program: small, and what they consist of can be looked at. Their arguments stay
 * unknown to the compiler, which would make products of shifts by constants.
 */
#if defined(__clang__)
#define KERNEL static __attribute__((noinline, used))
#elif defined(__GNUC__)
#define KERNEL static __attribute__((noipa))
#else
#define KERNEL static
#endif`,
  ),
  fixed(
    'COPIES',
    ['KERNEL'],
    `\
/* Loops that copy stay loops: no call of memcpy or memset is made of them. */
#if defined(__clang__)
#define COPIES __attribute__((no_builtin("memcpy", "memmove", "memset")))
#elif defined(__GNUC__)
#define COPIES __attribute__((optimize("no-tree-loop-distribute-patterns")))
#else
#define COPIES
#endif`,
  ),
  {
    name: 'extent',
    needs: () => [],
    text: ({ small }) =>
      `typedef ${small ? 'int16_t' : 'int32_t'} extent; /* rows, columns, channels, and sizes of windows */`,
  },
  fixed(
    'map',
    ['extent'],
    `\
/* A value: [h][w][c] numbers between low and high; zero stands for 0. */
struct map {
  void *numbers;
  int32_t count;
  extent h, w, c;
  int16_t zero, low, high;
  int16_t bits; /* of a number: 8 or 16 */
};`,
  ),
  {
    name: 'number',
    needs: () => ['map'],
    text: ({ reads }) => `\
static inline int32_t number(const struct map *x, int32_t at)
{
  return ${byWidth(reads, 'x', (bits) => `((const int${bits}_t *)x->numbers)[at]`)};
}`,
  },
  { name: 'put', needs: () => ['map'], text: put },
  fixed(
    'left',
    [],
    `\
/* x * 2^places, of x of either sign. */
static inline int32_t left(int32_t x, int32_t places)
{
  return (int32_t)((uint32_t)x << places);
}`,
  ),
];
