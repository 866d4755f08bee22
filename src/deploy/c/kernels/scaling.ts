/** From accumulators to stored numbers, in both forms of docs/integer.md. */
import { type Features, fixed, fixedKernel, type Part } from './part.ts';

/** What `power` adds to a place, so that 0 is left for "no term": places are -31 to 30. */
export const PLACE_OF_ONE = 32;

function struct({ forms }: Features): string {
  const terms = `\
  const int8_t *terms;      /* [count][channels], see power */
  const int32_t *addends;   /* [channels] */
  extent channels;
  uint8_t count, shift;`;
  const multiply = `\
  const int16_t *factors;   /* [channels]${forms.has('terms') ? '; 0 where there are terms' : ''} */
  const int64_t *offsets;   /* [channels] */
  const uint8_t *shifts;    /* [channels] */`;
  return `\
/* How an accumulator becomes a number of the next value, channel by channel. */
struct scaling {
${[forms.has('multiply') ? multiply : '', forms.has('terms') ? terms : ''].filter((text) => text !== '').join('\n')}
};`;
}

function scaled({ forms }: Features): string {
  const calls = { terms: 'by_terms(how, acc, channel)', multiply: 'by_factor(how, acc, channel)' };
  const [form] = forms;
  return `\
static inline int32_t scaled(const struct scaling *how, int32_t acc, int32_t channel)
{
  return ${forms.size === 2 ? `how->factors != 0 ? ${calls.multiply} : ${calls.terms}` : calls[form]};
}`;
}

export const SCALING: readonly Part[] = [
  { name: 'scaling', needs: () => ['extent'], text: struct },
  fixed(
    'power',
    ['left'],
    `\
/* One term of a sum: 0 for the term 0, otherwise its sign times acc * 2^(|term| - ${PLACE_OF_ONE}), rounded down. */
static inline int32_t power(int32_t acc, int32_t term)
{
  int32_t place = (term < 0 ? -term : term) - ${PLACE_OF_ONE};
  int32_t part;
  if (term == 0) return 0;
  part = place >= 0 ? left(acc, place) : acc >> -place;
  return term < 0 ? -part : part;
}`,
  ),
  fixedKernel(
    'by_terms',
    ['scaling', 'power'],
    `\
/* (addend + sum of terms) >> shift, without multiplication. */
KERNEL int32_t by_terms(const struct scaling *how, int32_t acc, int32_t channel)
{
  const int8_t *term = how->terms + channel;
  int32_t t = how->addends[channel];
  for (int32_t k = how->count; k > 0; k--, term += how->channels) t += power(acc, *term);
  return t >> how->shift;
}`,
  ),
  fixedKernel(
    'by_factor',
    ['scaling'],
    `\
/* (acc * factor + offset) >> shift: the product and sum have at most 48 bits, and so may t where shifts are small. */
KERNEL int32_t by_factor(const struct scaling *how, int32_t acc, int32_t channel)
{
  int64_t t = ((int64_t)acc * how->factors[channel] + how->offsets[channel]) >> how->shifts[channel];
  if (t > INT32_MAX) return INT32_MAX;
  if (t < INT32_MIN) return INT32_MIN;
  return (int32_t)t;
}`,
    { multiplies: true },
  ),
  {
    name: 'scaled',
    needs: ({ forms }) => [
      ...(forms.has('terms') ? ['by_terms'] : []),
      ...(forms.has('multiply') ? ['by_factor'] : []),
    ],
    text: scaled,
  },
];
