/**
 * Memory of the backend. A large block is a buffer of the GPU; small ones stand side by side in slabs, so that a program
 * can be bound to many tensors at once (parts.ts).
 *
 *   slab   [ block | block | block |        ]      each from a multiple of ALIGNMENT on, where it may be bound
 */
import type { BlockSource } from '../scopes.ts';
import { type GpuBuffer, USAGE } from './gpu.ts';
import type { Queue } from './queue.ts';

export interface Block {
  /** Of its own, never used again. */
  readonly id: number;
  readonly gpu: GpuBuffer;
  /** Where it begins in the GPU's buffer, and its length, bytes. */
  readonly offset: number;
  readonly bytes: number;
  /** All of the buffer that it stands in; itself where it has one alone. */
  readonly slab: Block | null;
  /** The last command buffer that used it. */
  batch: number;
}

/** Blocks up to this stand in slabs, bytes. */
const SMALL = 2 ** 20;
const SLAB = 2 ** 24;
/** No device asks for more before a binding. */
const ALIGNMENT = 256;

/** Room in a slab: what was never given out, and how many blocks are. */
interface Room {
  readonly slab: Block;
  next: number;
  live: number;
}

export function blocksOf(queue: Queue): BlockSource<Block> {
  let made = 0;
  const whole = (bytes: number): Block => {
    const gpu = queue.device.buffer(bytes, USAGE.storage | USAGE.copyFrom | USAGE.copyTo);
    return { id: ++made, gpu, offset: 0, bytes, slab: null, batch: 0 };
  };
  const rooms: Room[] = [];
  /** Places given back, by size; and whose room a block is in. */
  const idle = new Map<number, { readonly room: Room; readonly offset: number }[]>();
  const roomOf = new Map<Block, Room>();

  const small = (bytes: number): Block => {
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    let place = idle.get(size)?.pop();
    if (place === undefined) {
      let room = rooms.find(({ slab, next }) => next + size <= slab.bytes);
      if (room === undefined) {
        room = { slab: whole(Math.min(SLAB, queue.device.largest)), next: 0, live: 0 };
        rooms.push(room);
      }
      place = { room, offset: room.next };
      room.next += size;
    }
    const { room, offset } = place;
    room.live++;
    const block: Block = { id: ++made, gpu: room.slab.gpu, offset, bytes, slab: room.slab, batch: 0 };
    roomOf.set(block, room);
    return block;
  };

  const give = (block: Block): void => {
    queue.forget(block);
    block.gpu.destroy();
  };

  return {
    create: (bytes) => (bytes <= SMALL ? small(bytes) : whole(bytes)),
    destroy(block) {
      const room = roomOf.get(block);
      if (room === undefined) {
        give(block);
        return;
      }
      queue.forget(block);
      roomOf.delete(block);
      const size = Math.ceil(block.bytes / ALIGNMENT) * ALIGNMENT;
      const places = idle.get(size) ?? [];
      idle.set(size, places);
      places.push({ room, offset: block.offset });
      room.live--;
      if (room.live > 0) return;
      rooms.splice(rooms.indexOf(room), 1);
      for (const [bytes, all] of idle)
        idle.set(
          bytes,
          all.filter((one) => one.room !== room),
        );
      give(room.slab);
    },
  };
}
