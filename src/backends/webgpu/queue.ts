/**
 * Launches on their way to the GPU. They are collected into one command buffer, with their numbers side by side in
 * one uniform buffer and their tables in one storage buffer, and go off when something is read, when memory that they use is written, or when there are many.
 *
 *   launch ─┐                  numbers ──> uniform buffer (a place for each launch)
 *   launch ─┼─> command buffer ──submit──> GPU
 *   launch ─┘
 */
import { internal, ShiftAddError } from '../../core/errors.ts';
import { Compiler } from './compile.ts';
import type { OpenDevice } from './device.ts';
import { type GpuBindGroup, type GpuBuffer, type GpuEncoder, type GpuPass, MAP_READ, USAGE } from './gpu.ts';
import type { Block } from './memory.ts';
import { MOST_PARAMS, type Program } from './program.ts';

/** Launches of a command buffer, at most: a training step of a network of HyTra, the largest space, has about 1050. */
const MOST_LAUNCHES = 2048;
/** Words of the tables of a command buffer, at most. */
export const TABLE_WORDS = 2 ** 16;

export class Queue {
  readonly device: OpenDevice;
  private readonly compiler: Compiler;
  private readonly uniforms: GpuBuffer;
  private readonly uniformGroup: GpuBindGroup;
  private readonly words = new Uint32Array(MOST_LAUNCHES * MOST_PARAMS);
  private readonly floats = new Float32Array(this.words.buffer);
  /** What programs over many tensors look their work up in (parts.ts). */
  private readonly tables: Block;
  private readonly tableWords = new Uint32Array(TABLE_WORDS);
  private tabled = 0;
  private encoder: GpuEncoder | null = null;
  private pass: GpuPass | null = null;
  private launches = 0;
  /** Number of the command buffer that is being filled. */
  private batch = 1;

  constructor(device: OpenDevice) {
    this.device = device;
    this.compiler = new Compiler(device);
    const { gpu } = device;
    this.uniforms = gpu.createBuffer({ size: 4 * this.words.length, usage: USAGE.uniform | USAGE.copyTo });
    const bytes = 4 * TABLE_WORDS;
    const tables = gpu.createBuffer({ size: bytes, usage: USAGE.storage | USAGE.copyTo });
    this.tables = { id: 0, gpu: tables, offset: 0, bytes, slab: null, batch: 0 };
    this.uniformGroup = gpu.createBindGroup({
      layout: this.compiler.uniformLayout,
      entries: [{ binding: 0, resource: { buffer: this.uniforms, size: 4 * MOST_PARAMS } }],
    });
  }

  /**
   * Runs a program in x * y * z workgroups, after everything launched before; of none there is nothing to do. Blocks and
   * numbers stand in the program's order.
   */
  launch(
    program: Program,
    blocks: readonly Block[],
    params: readonly number[],
    x: number,
    y = 1,
    z = 1,
  ): void {
    if (x === 0 || y === 0 || z === 0) return;
    this.device.check();
    if (this.launches === MOST_LAUNCHES) this.submit();
    const compiled = this.compiler.compile(program, blocks);
    const at = this.launches * MOST_PARAMS;
    for (let i = 0; i < params.length; i++) {
      if (compiled.floats[i]) this.floats[at + i] = params[i];
      else this.words[at + i] = params[i];
    }
    const pass = this.openPass();
    pass.setPipeline(compiled.pipeline);
    pass.setBindGroup(0, this.compiler.group(compiled, blocks));
    pass.setBindGroup(1, this.uniformGroup, [4 * at]);
    pass.dispatchWorkgroups(x, y, z);
    for (const block of blocks) block.batch = this.batch;
    this.launches++;
  }

  /** Runs a program that begins with a table, of these words; its numbers begin with the place of it. */
  launchTable(
    program: Program,
    words: Uint32Array,
    blocks: readonly Block[],
    params: readonly number[],
    x: number,
    y = 1,
  ): void {
    if (words.length > TABLE_WORDS) internal(`a table of ${words.length} words for ${program.name}`);
    if (this.tabled + words.length > TABLE_WORDS || this.launches === MOST_LAUNCHES) this.submit();
    const at = this.tabled;
    this.tableWords.set(words, at);
    this.tabled += words.length;
    this.launch(program, [this.tables, ...blocks], [at, ...params], x, y);
  }

  /** Blocks that the last launch used without being bound: it was bound to their slabs. */
  used(blocks: readonly Block[]): void {
    for (const block of blocks) block.batch = this.batch;
  }

  /** Data into a block from a byte on, after everything launched before. */
  write(block: Block, offset: number, data: Float32Array | Int32Array): void {
    this.device.check();
    this.settle(block);
    // Not every host takes memory that threads share.
    const own = data.buffer instanceof ArrayBuffer ? data : data.slice();
    if (data.length > 0) this.device.gpu.queue.writeBuffer(block.gpu, block.offset + offset, own);
  }

  /** The first bytes of each block, as they are after everything launched so far. */
  async read(parts: readonly { readonly block: Block; readonly bytes: number }[]): Promise<ArrayBuffer[]> {
    const size = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    if (size === 0) return parts.map(() => new ArrayBuffer(0));
    const staging = this.device.buffer(size, USAGE.mapRead | USAGE.copyTo);
    const encoder = this.endPass();
    let at = 0;
    for (const { block, bytes } of parts) {
      if (bytes > 0) encoder.copyBufferToBuffer(block.gpu, block.offset, staging, at, bytes);
      at += bytes;
    }
    this.submit();
    try {
      await staging.mapAsync(MAP_READ);
    } catch (cause) {
      await this.device.settled();
      throw new ShiftAddError(
        'run',
        `the GPU ${this.device.name} did not give back ${size} bytes (${(cause as Error).message}); a run that saved goes on with --resume`,
        { backend: 'webgpu', bytes: size },
        cause,
      );
    }
    const mapped = staging.getMappedRange();
    at = 0;
    const copies = parts.map(({ bytes }) => mapped.slice(at, (at += bytes)));
    staging.unmap();
    staging.destroy();
    this.device.check();
    return copies;
  }

  /** Waits until everything launched has been done. */
  async finish(): Promise<void> {
    this.submit();
    await this.device.gpu.queue.onSubmittedWorkDone().catch(() => undefined);
    await this.device.settled();
  }

  /** A block is about to go: what uses it is sent off, how it was bound is forgotten. */
  forget(block: Block): void {
    this.settle(block);
    this.compiler.forget(block);
  }

  /** Sends off what uses a block, before something happens to it outside of command buffers. */
  private settle(block: Block): void {
    if (block.batch === this.batch) this.submit();
  }

  private submit(): void {
    if (this.encoder === null) return;
    const { queue } = this.device.gpu;
    if (this.launches > 0) queue.writeBuffer(this.uniforms, 0, this.words, 0, this.launches * MOST_PARAMS);
    if (this.tabled > 0) queue.writeBuffer(this.tables.gpu, 0, this.tableWords, 0, this.tabled);
    queue.submit([this.endPass().finish()]);
    this.encoder = null;
    this.launches = 0;
    this.tabled = 0;
    this.batch++;
  }

  private openPass(): GpuPass {
    this.encoder ??= this.device.gpu.createCommandEncoder();
    this.pass ??= this.encoder.beginComputePass();
    return this.pass;
  }

  private endPass(): GpuEncoder {
    this.pass?.end();
    this.pass = null;
    this.encoder ??= this.device.gpu.createCommandEncoder();
    return this.encoder;
  }
}
