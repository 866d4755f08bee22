/** Memory of the backend: every block is a buffer of the GPU, with what the queue remembers of it. */
import type { BlockSource } from '../scopes.ts';
import { type GpuBuffer, USAGE } from './gpu.ts';
import type { Queue } from './queue.ts';

export interface Block {
  /** Of its own, never used again. */
  readonly id: number;
  readonly gpu: GpuBuffer;
  /** The last command buffer that used it. */
  batch: number;
}

export function blocksOf(queue: Queue): BlockSource<Block> {
  let made = 0;
  return {
    create(bytes) {
      const gpu = queue.device.buffer(bytes, USAGE.storage | USAGE.copyFrom | USAGE.copyTo);
      return { id: ++made, gpu, batch: 0 };
    },
    destroy(block) {
      queue.forget(block);
      block.gpu.destroy();
    },
  };
}
