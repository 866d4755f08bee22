/**
 * The WebGPU backend: every kernel of the contract in WGSL, on the GPU of the machine or of the browser. Buffers never
 * leave the GPU unless they are read; launches are collected (queue.ts) and nothing waits but `read` and `finish`.
 */
import { internal } from '../../core/errors.ts';
import type { KernelName } from '../abi.ts';
import type { Backend, Buffer, DataType, SharedBuffer } from '../backend.ts';
import { checked } from '../checked.ts';
import type { GroupName } from '../groups.ts';
import { offerPeaks } from '../peaks.ts';
import { ScopedMemory } from '../scopes.ts';
import { type DeviceChoice, type FoundAdapter, findAdapter } from './adapters.ts';
import { type OpenDevice, openDevice } from './device.ts';
import { INDEX_PLACES, IndexChecks } from './index-checks.ts';
import { kernelsOn } from './kernels/table.ts';
import { type MatrixUnit, unitFeatures, unitName } from './matrix-unit.ts';
import { type Block, blocksOf } from './memory.ts';
import { launchParts, type Part, type PartsProgram } from './parts.ts';
import { GpuPeaks, type PeakHost } from './peaks.ts';
import type { Program } from './program.ts';
import { Queue } from './queue.ts';
import { unitFault } from './unit-check.ts';

export const PRECISIONS = ['single', 'half'] as const;
export type Precision = (typeof PRECISIONS)[number];

export interface WebGpuOptions {
  /** `high-performance` (default), `low-power`, part of an adapter's name, or its number. */
  readonly device?: DeviceChoice;
  /**
   * 'half': matrix products, convolutions and adder layers keep their operands but gradients as binary16 while they sum
   * in float32. Default 'single'.
   */
  readonly precision?: Precision;
  /** false: lanes exchange values through memory, also where the adapter offers subgroups. The bits are the same. */
  readonly subgroups?: boolean;
  /** false: plain code multiplies halves, also where the adapter has a matrix unit for them. */
  readonly units?: boolean;
}

/** Opens a GPU. Throws 'missing' where there is none, or none such. */
export async function createWebGpu({
  device,
  precision = 'single',
  subgroups = true,
  units = true,
}: WebGpuOptions = {}): Promise<Backend> {
  const half = precision === 'half';
  const { found, unit, note } = await (half && units ? withUnit(device) : withoutUnit(device));
  const { adapter, name, software, subgroup } = found;
  const description = `webgpu: ${name}${software ? ', which computes on the processor' : ''}${half ? ', operands in half precision' : ''}${note}`;
  const opened = await openDevice(adapter, name, unit === null ? [] : unitFeatures(unit));
  const memory = new GpuMemory(opened, description, half, subgroups ? subgroup : 1, unit);
  const backend = checked(
    Object.assign(
      memory,
      kernelsOn(memory, (buffer) => memory.blockOf(buffer)),
    ),
  );
  offerPeaks(backend, () => new GpuPeaks(memory));
  return backend;
}

interface ChosenAdapter {
  readonly found: FoundAdapter;
  readonly unit: MatrixUnit | null;
  /** What the backend's description says of the unit. */
  readonly note: string;
}

async function withoutUnit(device: DeviceChoice | undefined, note = ''): Promise<ChosenAdapter> {
  return { found: await findAdapter(device), unit: null, note };
}

/** The adapter with its matrix unit, where that computes what plain code does; else without, and the note says why. */
async function withUnit(device: DeviceChoice | undefined): Promise<ChosenAdapter> {
  const tried = await findAdapter(device, true);
  if (tried.unit === null) return withoutUnit(device);
  const fault = await faultOf(tried, tried.unit);
  if (fault !== undefined) return withoutUnit(device, `, without its matrix unit: ${fault}`);
  // An adapter gives one device.
  const found = await findAdapter(device, true);
  return { found, unit: tried.unit, note: `, multiplied by its matrix unit (${unitName(tried.unit)})` };
}

/** Tries a unit on a device of its own, for an experiment may take it down. */
async function faultOf(
  { adapter, name, subgroup }: FoundAdapter,
  unit: MatrixUnit,
): Promise<string | undefined> {
  try {
    const device = await openDevice(adapter, name, unitFeatures(unit));
    try {
      const plain = new GpuMemory(device, name, true, subgroup, null);
      return await unitFault(unit, plain, new GpuMemory(device, name, true, subgroup, unit));
    } finally {
      device.close();
    }
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

/** What a backend has beside its kernels, and what those launch with. */
class GpuMemory implements Omit<Backend, KernelName | GroupName>, PeakHost {
  readonly name = 'webgpu';
  readonly description: string;
  readonly threads = 1;
  readonly half: boolean;
  readonly subgroup: number;
  readonly unit: MatrixUnit | null;
  private readonly device: OpenDevice;
  private readonly queue: Queue;
  private readonly blocks: ScopedMemory<Block>;
  private readonly checks: IndexChecks;
  private readonly status: Buffer;

  constructor(
    device: OpenDevice,
    description: string,
    half: boolean,
    subgroup: number,
    unit: MatrixUnit | null,
  ) {
    this.device = device;
    this.description = description;
    this.half = half;
    this.subgroup = subgroup;
    this.unit = unit;
    this.queue = new Queue(device);
    const source = blocksOf(this.queue);
    this.blocks = new ScopedMemory<Block>(this.name, source);
    this.checks = new IndexChecks(this.queue, source.create(4 * INDEX_PLACES));
    this.status = this.blocks.view(this.checks.block, INDEX_PLACES, 'int32');
  }

  get largest(): number {
    return this.device.largest;
  }

  // ---- for kernels ----------------------------------------------------------------------------------------
  launch(
    program: Program,
    buffers: readonly Buffer[],
    params: readonly number[],
    x: number,
    y?: number,
    z?: number,
  ): void {
    const blocks = buffers.map((buffer) => this.blockOf(buffer));
    this.queue.launch(program, blocks, params, x, y, z);
  }

  launchTable(
    program: Program,
    words: Uint32Array,
    buffers: readonly Buffer[],
    params: readonly number[],
    x: number,
    y?: number,
  ): void {
    const blocks = buffers.map((buffer) => this.blockOf(buffer));
    this.queue.launchTable(program, words, blocks, params, x, y);
  }

  launchParts(program: PartsProgram, parts: readonly Part[]): void {
    launchParts(this.queue, (buffer) => this.blockOf(buffer), program, parts);
  }

  /** Throws where the buffer is freed or another backend's. */
  blockOf(buffer: Buffer): Block {
    return this.blocks.block(buffer);
  }

  scratch(length: number, work: (buffer: Buffer) => void): void {
    const buffer = this.blocks.allocate(length, 'float32');
    work(buffer);
    this.blocks.free(buffer);
  }

  indexed(kernel: string, limit: number): { readonly status: Buffer; readonly place: number } {
    return { status: this.status, place: this.checks.place(kernel, limit) };
  }

  // ---- memory ---------------------------------------------------------------------------------------------
  allocate(length: number, type: DataType = 'float32'): Buffer {
    return this.blocks.allocate(length, type);
  }

  openScope(): { keep(buffer: Buffer): void; close(): void } {
    return this.blocks.openScope();
  }

  free(buffer: Buffer): void {
    this.blocks.free(buffer);
  }

  write(buffer: Buffer, data: ArrayLike<number>, offset = 0): void {
    const type = buffer.type === 'int32' ? Int32Array : Float32Array;
    const values = data instanceof type ? data : type.from(data);
    this.queue.write(this.blocks.writable(buffer), 4 * offset, values);
  }

  async read(buffer: Buffer): Promise<Float32Array | Int32Array> {
    const own = { block: this.blockOf(buffer), bytes: 4 * buffer.length };
    const noted = { block: this.checks.block, bytes: this.checks.bytes };
    const [data, places] = await this.queue.read([own, noted]);
    this.checks.look(new Int32Array(places));
    return buffer.type === 'int32' ? new Int32Array(data) : new Float32Array(data);
  }

  memory(): { used: number; peak: number; reserved: number } {
    return this.blocks.statistics();
  }

  /** A GPU's memory is one device's, and a device is one thread's. */
  link(): undefined {
    return undefined;
  }

  share(): SharedBuffer {
    return internal('the webgpu backend has no memory that threads share');
  }

  view(): Buffer {
    return internal('the webgpu backend has no memory that threads share');
  }

  async finish(): Promise<void> {
    await this.queue.finish();
  }

  dispose(): void {
    this.blocks.dispose();
    this.device.close();
  }
}
