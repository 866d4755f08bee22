import type { Random } from '../../core/random.ts';
import type { SampleMode } from '../sample.ts';
import { countLayers, countTranslation } from './count.ts';
import { joinSides, type Side, type SideName, sideChoices } from './genes.ts';
import type { TranslationGenotype } from './network.ts';
import { layersAt, translationAt } from './number.ts';
import type { TranslationSpace } from './space.ts';

/**
 * Drawing a network without listing the space. `architectures`: every one equally likely, which in the published space
 * draws six decoder layers 431 times out of 432. `tuples`: every pair of depths equally likely, then its layers, as HAT
 * and the release draw.
 */
export function sampleTranslation(
  space: TranslationSpace,
  random: Random,
  mode: SampleMode = 'architectures',
): TranslationGenotype {
  if (mode === 'architectures') return translationAt(space, random.bigint(countTranslation(space)));
  const encoder = drawSide(space, 'encoder', random);
  return joinSides(encoder, drawSide(space, 'decoder', random));
}

function drawSide(space: TranslationSpace, side: SideName, random: Random): Side {
  const choices = sideChoices(space, side);
  const width = random.choice(choices.width);
  const depth = random.choice(choices.depths);
  return { width, layers: layersAt(choices, depth, random.bigint(countLayers(choices, depth))) };
}
