/**
 * The space as its networks are retrained. A genotype names one network of it as of the space that is searched; what
 * differs is how that network is built (spec 3.5, 6.3): the published networks are twice as wide as the supernet, with
 * SiLU, squeeze-excite, average-down shortcuts and, for a teacher, a second head; T1 leaves the last stage's resolution.
 */
import { require_ } from '../core/errors.ts';
import type { BlockForm } from '../operators/operator.ts';
import { checkSpace } from './check.ts';
import type { Space } from './space.ts';

export interface Retraining {
  readonly blocks: BlockForm;
  readonly lastStride: 1 | 2;
  /** Factor on the channels of every stage; the stem stays as it is. */
  readonly width: number;
  /** Whether a teacher is there for a head of its own; the published form has one then. */
  readonly taught: boolean;
}

/**
 * The space itself where nothing differs.
 *
 * @throws ShiftAddError 'usage' for a width that leaves a stage without whole quarters, and for a last stride of 1 where
 *   there is one stage
 */
export function retrainedSpace(space: Space, { blocks, lastStride, width, taught }: Retraining): Space {
  const changed: { -readonly [K in keyof Space]?: Space[K] } = {};
  if (blocks === 'published' && space.blocks !== 'published') {
    Object.assign(changed, { blocks, shortcut: 'average-down' });
  }
  if (blocks === 'published' && taught) changed.heads = 2;
  if (lastStride === 1 && space.lastStride !== 1) changed.lastStride = 1;
  const halves = changed.lastStride === 1;
  if (width !== 1 || halves) {
    const last = space.stages.length - 1;
    changed.stages = space.stages.map((stage, i) => ({
      ...stage,
      channels: widened(space, stage.channels, width, i),
      scale: halves && i === last && i > 0 ? space.stages[i - 1].scale : stage.scale,
    }));
  }
  return Object.keys(changed).length === 0 ? space : checkSpace({ ...space, ...changed });
}

function widened(space: Space, channels: number, width: number, stage: number): number {
  const wide = channels * width;
  require_(
    wide > 0 && Number.isInteger(wide / 4),
    'usage',
    () =>
      `a network is retrained with whole quarters of channels, but stage ${stage} of space '${space.name}' has ` +
      `${channels}, and ${width} times that is ${wide}; choose another width, such as 1 or 2`,
    { width, stage },
  );
  return wide;
}

/** `published blocks, last stride 1, 2 times the width, 2 heads`, as far as it differs from the space; '' if nothing does. */
export function showRetraining(from: Space, to: Space): string {
  const parts: string[] = [];
  if (to.blocks !== from.blocks) parts.push('published blocks');
  if (to.lastStride !== from.lastStride) parts.push(`last stride ${to.lastStride}`);
  const factor = to.stages[0].channels / from.stages[0].channels;
  if (factor !== 1) parts.push(`${factor} times the width`);
  if (to.heads !== from.heads) parts.push(`${to.heads} heads`);
  return parts.join(', ');
}
