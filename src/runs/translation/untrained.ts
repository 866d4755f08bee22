/** The supernet of a run on sentences, before anything of it is trained. */
import type { Random } from '../../core/random.ts';
import { extentOfSpace } from '../../supernet/translator/extent.ts';
import { Translator } from '../../supernet/translator/translator.ts';
import type { SentenceContext } from './context.ts';

type Needs = Pick<SentenceContext, 'backend' | 'space' | 'config' | 'subwords' | 'norm' | 'sharing'>;

/** The caller disposes of it. */
export function untrainedSupernet(
  { backend, space, config, subwords, norm, sharing }: Needs,
  random: Random,
): Translator {
  const size = { extent: extentOfSpace(space), vocabulary: subwords.size, norm, longest: config.longest };
  return new Translator(backend, { ...size, sharing }, random);
}
