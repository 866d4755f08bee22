/**
 * Who may see whom, made of lengths while a file runs:
 *
 *   source   [N, S]   position < length of its sentence
 *   target   [T, T]   key position <= query position
 *
 * Attention adds what stands here to its scores: 0, or a number so low that its exponential is 0. What nobody asks for is
 * not written.
 */
import type { OnnxPass } from './pass.ts';

const UNSEEN = -1e9;
const FLOAT = 1;

export interface SourceMasks {
  /** [N, 1, 1, S], added to scores. */
  scores(): string;
  /** [N, S, 1]: 1 where a subword counts, 0 where it pads. */
  rows(): string;
}

/** `like`: a value whose axis 1 is the source. `lengths`: [N]. */
export function sourceMasks(pass: OnnxPass, like: string, lengths: string): SourceMasks {
  const { graph } = pass;
  const seen = once(() => {
    const positions = pass.first('source.positions', graph.range(pass.longest), pass.length('source', like));
    return pass.part('Less', 'source.seen', [positions, pass.unsqueeze('source.counts', lengths, [1])]);
  });
  return {
    scores: once(() => pass.unsqueeze('source.mask', added(pass, 'source.unseen', seen()), [1, 2])),
    rows: once(() => {
      const ones = graph.node('Cast', 'source.ones', [seen()], { attributes: { to: FLOAT } });
      return pass.unsqueeze('source.rows', ones, [2]);
    }),
  };
}

/** [T, T], added to scores. `like`: a value whose axis 1 is the target. */
export function causalMask(pass: OnnxPass, like: string): () => string {
  return once(() => {
    const length = pass.length('target', like);
    const keys = pass.first('target.positions', pass.graph.range(pass.longest), length);
    const queries = pass.unsqueeze('target.queries', keys, [1]);
    return added(pass, 'target.mask', pass.part('LessOrEqual', 'target.seen', [keys, queries]));
  });
}

function added(pass: OnnxPass, name: string, seen: string): string {
  return pass.part('Where', name, [seen, pass.graph.scalar(0), pass.graph.scalar(UNSEEN)]);
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
