/** How a configuration asks for networks to be retrained. */
import { retrainedSpace } from '../../spaces/retrained.ts';
import type { Space } from '../../spaces/space.ts';
import type { RunConfig } from '../options.ts';

/** The run's space as its networks are retrained, priced and saved. Throws 'usage' for a width that does not fit. */
export function retrainedSpaceOf(space: Space, config: RunConfig): Space {
  return retrainedSpace(space, {
    blocks: config.retrainBlocks === 'published' ? 'published' : 'supernet',
    lastStride: config.lastStride === '1' ? 1 : 2,
    width: config.retrainWidth,
    taught: config.distill !== 'none',
  });
}
