import { expect, test } from 'vitest';
import { spacePreset } from '../../spaces/presets.ts';
import { imageSizeOf } from './image-size.ts';

test.each([
  ['folder:x', 0, 'imagenet', 224],
  ['folder:x', 160, 'imagenet', 160],
  ['folder:x', 0, 'cifar', undefined],
  ['folder:x', 48, 'cifar', 48],
  ['glyphs', 0, 'imagenet', undefined],
])('%s with --image-size %d in space %s is read at %s', (data, imageSize, space, expected) => {
  expect(imageSizeOf({ data, imageSize }, spacePreset(space))).toBe(expected);
});
