import { expect, test } from 'vitest';
import { checkFormat, SCHEMA } from './architecture-format.ts';

const [NETWORK, TRANSLATOR] = ['shiftaddnas-network', 'shiftaddnas-translator'] as const;
const check = (value: unknown, wanted: typeof NETWORK | typeof TRANSLATOR) => () =>
  checkFormat(value, 'run/architecture.json', wanted);

test('what is of the wanted kind passes, and another kind is called what it is', () => {
  expect(check({ format: NETWORK, schema: SCHEMA }, NETWORK)).not.toThrow();
  expect(check({ format: TRANSLATOR, schema: SCHEMA }, TRANSLATOR)).not.toThrow();
  expect(check({ format: TRANSLATOR, schema: SCHEMA }, NETWORK)).toThrow(
    'run/architecture.json describes a translator, and a network of images is needed here; give the folder of a run on images',
  );
  expect(check({ format: NETWORK, schema: SCHEMA }, TRANSLATOR)).toThrow(
    'describes a network of images, and a translator is needed here; give the folder of a run on sentence pairs',
  );
});

test('another schema, an unknown kind and no kind at all are told apart', () => {
  expect(check({ format: NETWORK, schema: SCHEMA + 1 }, NETWORK)).toThrow(
    /describes a network of images by schema 2, and this version of the program reads schema 1/,
  );
  expect(check({ format: 'toString', schema: SCHEMA }, NETWORK)).toThrow(
    /nothing that this program knows \(its format is "toString"\)/,
  );
  for (const value of [{}, [], null, 3]) {
    expect(check(value, NETWORK)).toThrow(/its format is not said/);
  }
});
