/** What rank 0 has, for all ranks. Every rank calls; what is given counts on rank 0 alone, and all return that. */
import { decodeSafetensors, encodeSafetensors } from '../../core/safetensors.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { Score } from '../../training/score.ts';
import type { Checkpoint, LoadedCheckpoint } from '../checkpoint.ts';
import { encodeState } from '../state.ts';

/** A broadcast takes less than 2 GiB. */
const PIECE = 2 ** 30;
const NOTHING = new Uint8Array();

function shareBytes(ranks: Ranks, given: Uint8Array): Uint8Array {
  const length = Float64Array.of(given.length);
  ranks.broadcast(new Uint8Array(length.buffer));
  const bytes = ranks.rank === 0 ? given : new Uint8Array(length[0]);
  for (let from = 0; from < bytes.length; from += PIECE) ranks.broadcast(bytes.subarray(from, from + PIECE));
  return bytes;
}

export function shareJson<T>(ranks: Ranks, value?: T): T {
  const bytes = value === undefined ? NOTHING : Buffer.from(JSON.stringify(value));
  return JSON.parse(Buffer.from(shareBytes(ranks, bytes)).toString('utf8')) as T;
}

export function shareCheckpoint<State>(
  ranks: Ranks,
  found?: LoadedCheckpoint<State>,
): Checkpoint<State> | undefined {
  const given =
    found === undefined ? NOTHING : encodeSafetensors(found.tensors, { state: encodeState(found.state) });
  const bytes = shareBytes(ranks, given);
  if (ranks.rank === 0 || bytes.length === 0) return found;
  const { tensors, metadata } = decodeSafetensors(bytes, 'the checkpoint of rank 0');
  return { tensors, state: JSON.parse(metadata.state) as State };
}

/**
 * Scores that one rank each has found, for all; undefined where another rank has it. What ranks add are floats, so the
 * bytes of a score travel as one float each and nothing is rounded.
 */
export function shareScores(ranks: Ranks, own: readonly (Score | undefined)[]): Score[] {
  const numbers = Float64Array.from(own.flatMap((score) => [score?.loss ?? 0, score?.accuracy ?? 0]));
  const bytes = Float32Array.from(new Uint8Array(numbers.buffer));
  ranks.sumNumbers(bytes);
  const all = new Float64Array(Uint8Array.from(bytes).buffer);
  return own.map((_, i) => ({ loss: all[2 * i], accuracy: all[2 * i + 1] }));
}
