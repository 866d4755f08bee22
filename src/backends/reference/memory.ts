/**
 * Memory of the reference backend: ordinary array buffers, each seen as float32 and as int32. Fresh contents are
 * NaN on purpose: "undefined" in the contract then shows itself when somebody reads what was never written.
 */
import type { BlockSource } from '../scopes.ts';

export interface Block {
  readonly float32: Float32Array;
  readonly int32: Int32Array;
}

/** A block over memory that is there. */
export function blockOver(memory: ArrayBuffer | SharedArrayBuffer): Block {
  return { float32: new Float32Array(memory), int32: new Int32Array(memory) };
}

export const arrays: BlockSource<Block> = {
  create(bytes) {
    return blockOver(new ArrayBuffer(bytes));
  },
  destroy() {
    // The collector takes it.
  },
};
