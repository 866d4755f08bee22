/** What can be measured, in the order of the table. */
import { nearest, ShiftAddError } from '../core/errors.ts';

export const GROUPS = {
  peaks: 'what the processor can do at most',
  matmul: 'matrix products',
  conv: 'convolutions',
  adder: 'adder layers',
  shift: 'shift layers',
  depthwise: 'depthwise convolutions',
  attention: 'attention products with their softmax',
  norm: 'normalisation with activation',
  sequence: 'kernels over sentences: training and decoding of translation',
  data: 'augmentation, and how long training waits for it',
  steps: 'training steps of whole networks',
  translators: 'translators: training steps and beam search',
  supernet: 'a supernet step, by kernel',
  tape: 'what one small operation costs',
  memory: 'memory of training',
  threads: 'all threads against one',
  pricing: 'energy and latency of layers and networks',
  search: 'fronts, and what an algorithm takes beside scoring',
} as const;

export type GroupName = keyof typeof GROUPS;
export const GROUP_NAMES = Object.keys(GROUPS) as GroupName[];

/** `matmul,conv` as names; all of them for an undefined text. Throws 'usage' for a name that is none. */
export function parseGroups(text: string | undefined): readonly GroupName[] {
  if (text === undefined) return GROUP_NAMES;
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (Object.hasOwn(GROUPS, name)) continue;
    const near = nearest(name, GROUP_NAMES);
    throw new ShiftAddError(
      'usage',
      `--group must name groups of ${GROUP_NAMES.join(', ')}, with commas between them, but got "${name}"` +
        `${near === undefined ? '' : `; did you mean ${near}?`}`,
      { group: name },
    );
  }
  return GROUP_NAMES.filter((name) => names.includes(name));
}
