/**
 * A GPU that is open. WebGPU tells of a lost device or a lack of memory some time after the call that met it, so what
 * it told is kept here, and the next call that can fail fails with it.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { GpuAdapter, GpuBuffer, GpuDevice } from './gpu.ts';

/** What the backend makes use of where an adapter has it. */
const FEATURES = ['subgroups'] as const;

export class OpenDevice {
  readonly gpu: GpuDevice;
  /** For people. */
  readonly name: string;
  readonly features: ReadonlySet<string>;
  private fault: ShiftAddError | undefined;
  /** Buffers of which the GPU has not said yet whether it has the memory, and what it refused meanwhile: mostly for that. */
  private asked = 0;
  private refused: ShiftAddError | undefined;
  private closed = false;

  constructor(gpu: GpuDevice, name: string, features: ReadonlySet<string>) {
    this.gpu = gpu;
    this.name = name;
    this.features = features;
    gpu.lost.then(({ reason, message }) => {
      if (this.closed) return;
      this.fault = new ShiftAddError(
        'run',
        `the GPU ${name} was lost (${message || reason}), and what it held is gone; a run that saved goes on with --resume, on this GPU when it is back or with another --backend`,
        { backend: 'webgpu', adapter: name, lost: true },
      );
    });
    gpu.addEventListener('uncapturederror', ({ error }) => {
      const refused = new ShiftAddError(
        'internal',
        `internal: backend webgpu made a call that the GPU refused: ${error.message}`,
        { backend: 'webgpu' },
      );
      if (this.asked > 0) this.refused ??= refused;
      else this.fault ??= refused;
    });
  }

  /** Bytes of the largest buffer that programs can be given. */
  get largest(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** Throws what the GPU has told since it was opened. */
  check(): void {
    if (this.fault !== undefined) throw this.fault;
  }

  /** Lets the GPU tell what it has to tell, and throws it. */
  async settled(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.check();
  }

  /** A buffer, if the GPU has the memory: where it has not, the next call says so. */
  buffer(size: number, usage: number): GpuBuffer {
    this.check();
    const most = this.largest;
    if (size > most) {
      throw new ShiftAddError(
        'run',
        `backend webgpu was asked for a buffer of ${size} bytes, but ${this.name} allows at most ${most} in one; use a smaller batch or a smaller network`,
        { backend: 'webgpu', bytes: size, limit: most },
      );
    }
    this.gpu.pushErrorScope('out-of-memory');
    const buffer = this.gpu.createBuffer({ size, usage });
    this.asked++;
    this.gpu.popErrorScope().then(
      (error) => {
        this.asked--;
        if (error !== null) this.fault ??= outOfMemory(this.name, size);
        else if (this.asked === 0) this.fault ??= this.refused;
      },
      () => this.asked--, // the device is lost, and says so
    );
    return buffer;
  }

  close(): void {
    this.closed = true;
    this.gpu.destroy();
  }
}

function outOfMemory(name: string, bytes: number): ShiftAddError {
  return new ShiftAddError(
    'run',
    `the GPU ${name} has no ${bytes} bytes of memory left; use a smaller batch or a smaller network`,
    { backend: 'webgpu', adapter: name, bytes },
  );
}

/** Opens a device of an adapter with all the room the adapter has, and with these features `beside` those that every device gets. */
export async function openDevice(
  adapter: GpuAdapter,
  name: string,
  beside: readonly string[] = [],
): Promise<OpenDevice> {
  const { limits } = adapter;
  const features = [...new Set([...FEATURES.filter((feature) => adapter.features.has(feature)), ...beside])];
  const gpu = await adapter.requestDevice({
    requiredFeatures: features,
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    },
  });
  return new OpenDevice(gpu, name, new Set(features));
}
