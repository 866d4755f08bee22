/**
 * What a block of the picture is made of, side by side: an operator is one part, a block of a translator attention, a
 * lightweight filter, or half of the channels of each (spec 7.1).
 */
import { blockParts, SEQUENCE_BLOCKS, type SequenceBlock } from '../../spaces/seq2seq/network.ts';

export interface BlockPart {
  /** Operator family: its colour and glyph. */
  readonly family: string;
  /** What is written in it. */
  readonly name: string;
}

export function partsOf(operator: string): readonly BlockPart[] {
  if (!(SEQUENCE_BLOCKS as readonly string[]).includes(operator))
    return [{ family: operator, name: operator }];
  const { attention, lightweight } = blockParts(operator as SequenceBlock);
  return [
    ...(attention ? [{ family: 'attention', name: 'A' }] : []),
    ...(lightweight === undefined ? [] : [{ family: lightweight, name: operator.at(-1) as string }]),
  ];
}
