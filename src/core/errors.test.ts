import { describe, expect, test } from 'vitest';
import { internal, nearest, require_, ShiftAddError, unreachable } from './errors.ts';

function thrownBy(action: () => unknown): ShiftAddError {
  try {
    action();
  } catch (error) {
    if (error instanceof ShiftAddError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('an error is a code, a sentence, fields and a cause', () => {
  const cause = new Error('below');
  const error = new ShiftAddError('data', 'a sentence', { file: 'x', at: 3 }, cause);
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code, error.message, error.fields, error.cause]).toEqual([
    'ShiftAddError',
    'data',
    'a sentence',
    { file: 'x', at: 3 },
    cause,
  ]);
  expect('cause' in new ShiftAddError('data', 'without')).toBe(false);
});

test('require_ is silent when the rule holds and does not build the sentence then', () => {
  const build = () => {
    throw new Error('built for nothing');
  };
  expect(() => require_(true, 'usage', build)).not.toThrow();
  const error = thrownBy(() => require_(1 > 2, 'limit', () => 'low <= high must hold', { low: 2 }));
  expect([error.code, error.message, error.fields]).toEqual(['limit', 'low <= high must hold', { low: 2 }]);
  expect(thrownBy(() => require_(false, 'usage', 'plain')).message).toBe('plain');
});

test('a bug of ours says internal:', () => {
  expect(thrownBy(() => internal('no moment x'))).toMatchObject({
    code: 'internal',
    message: 'internal: no moment x',
  });
  expect(thrownBy(() => unreachable('odd' as never)).message).toBe('internal: unexpected value "odd"');
});

describe('nearest', () => {
  const names = ['search', 'train', 'evaluate', 'predict'];
  test.each([
    ['serach', 'search'],
    ['trian', 'train'],
    ['evaluat', 'evaluate'],
    ['search', 'search'],
  ])('%s -> %s', (word, expected) => expect(nearest(word, names)).toBe(expected));

  test('nothing when nothing is near, nor among no candidates', () => {
    expect(nearest('zzzzzz', names)).toBeUndefined();
    expect(nearest('search', [])).toBeUndefined();
  });

  test('the first of equally near ones, the nearest of several', () => {
    expect(nearest('ab', ['ac', 'ad'])).toBe('ac');
    expect(nearest('abcd', ['abxx', 'abcx'])).toBe('abcx');
  });
});
