import { expect, test } from 'vitest';
import type { IntegerProof } from '../../deploy/index.ts';
import type { OptionValue } from '../../runs/options.ts';
import type { CommandContext } from '../command.ts';
import { withinTolerance } from './tolerance.ts';

function proof(images: number, onlyFirst: number, onlySecond: number): IntegerProof {
  const right = images * 0.8;
  return {
    ...{ images, onlyFirst, onlySecond, accuracy: right / images },
    integerAccuracy: (right - onlyFirst + onlySecond) / images,
    ...{ agreement: 0.9, maxDifference: 0.1, largest: 3, native: null },
  };
}

function context(options: Record<string, OptionValue> = {}): CommandContext {
  return { options, positional: [], json: false, print() {}, signal: new AbortController().signal };
}

test('within half a point nothing is said, and a gain is no loss', () => {
  expect(withinTolerance(proof(10_000, 150, 100), context())).toEqual([]);
  expect(withinTolerance(proof(10_000, 0, 900), context())).toEqual([]);
});

test('a whole test set decides on 0.8 points; a hundred images cannot, which is said', () => {
  expect(() => withinTolerance(proof(10_000, 130, 50), context())).toThrow(
    'the integer program labels 79.20 % of 10000 test images rightly and the network 80.00 %: it loses 0.80 points, at least 0.53 of them not by chance, where --tolerance allows 0.50, and was not written; try --activation-bits 16, then more --calibration-images or --fine-tune-epochs, or allow the loss by --tolerance 1',
  );
  expect(withinTolerance(proof(100, 2, 1), context())).toEqual([
    'that is 1.00 points less, more than the 0.50 of --tolerance, and of 100 images it may be chance; more test images say more',
  ]);
});

test('--tolerance allows more or nothing, and 16 bits are not advised twice', () => {
  const lost = proof(10_000, 130, 50);
  expect(withinTolerance(lost, context({ tolerance: 1 }))).toEqual([]);
  expect(() => withinTolerance(proof(10_000, 60, 20), context({ tolerance: 0 }))).toThrow(/allows 0\.00/);
  expect(() => withinTolerance(lost, context({ activationBits: '16' }))).toThrow(
    /was not written; try more --calibration-images/,
  );
});
