/** The part of WebGPU that the backend uses; the compiler's libraries describe it only for pages. */

export interface Gpu {
  /** What the compiler knows beyond the first WGSL. */
  readonly wgslLanguageFeatures?: ReadonlySet<string>;
  requestAdapter(options?: {
    readonly powerPreference?: 'low-power' | 'high-performance';
  }): Promise<GpuAdapter | null>;
}

export interface GpuInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
  readonly subgroupMinSize?: number;
  readonly subgroupMaxSize?: number;
  /** Of Dawn's experiment with matrix units (matrix-unit.ts): operands [M, K] and [K, N]. */
  readonly subgroupMatrixConfigs?: Iterable<{
    readonly componentType: string;
    readonly resultComponentType: string;
    readonly M: number;
    readonly N: number;
    readonly K: number;
  }>;
}

/** Limits of an adapter or a device that the backend looks at. */
export interface GpuLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxComputeWorkgroupStorageSize: number;
}

export interface GpuAdapter {
  readonly info: GpuInfo;
  readonly limits: GpuLimits;
  readonly features: ReadonlySet<string>;
  requestDevice(wanted: {
    readonly requiredFeatures?: readonly string[];
    readonly requiredLimits?: Readonly<Record<string, number>>;
  }): Promise<GpuDevice>;
}

export interface GpuError {
  readonly message: string;
}

export interface GpuDevice {
  readonly limits: GpuLimits;
  readonly queue: GpuQueue;
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(type: 'uncapturederror', listener: (event: { readonly error: GpuError }) => void): void;
  pushErrorScope(filter: 'out-of-memory' | 'validation' | 'internal'): void;
  popErrorScope(): Promise<GpuError | null>;
  createBuffer(wanted: { readonly size: number; readonly usage: number }): GpuBuffer;
  createShaderModule(wanted: { readonly code: string; readonly label?: string }): GpuShaderModule;
  createBindGroupLayout(wanted: { readonly entries: readonly LayoutEntry[] }): GpuBindGroupLayout;
  createPipelineLayout(wanted: {
    readonly bindGroupLayouts: readonly GpuBindGroupLayout[];
  }): GpuPipelineLayout;
  createComputePipeline(wanted: {
    readonly layout: GpuPipelineLayout;
    readonly compute: { readonly module: GpuShaderModule; readonly entryPoint: string };
    readonly label?: string;
  }): GpuPipeline;
  createBindGroup(wanted: {
    readonly layout: GpuBindGroupLayout;
    readonly entries: readonly {
      readonly binding: number;
      readonly resource: { readonly buffer: GpuBuffer; readonly offset?: number; readonly size?: number };
    }[];
  }): GpuBindGroup;
  createCommandEncoder(): GpuEncoder;
  destroy(): void;
}

export interface LayoutEntry {
  readonly binding: number;
  readonly visibility: number;
  readonly buffer: {
    readonly type: 'uniform' | 'storage' | 'read-only-storage';
    readonly hasDynamicOffset?: boolean;
  };
}

export interface GpuQueue {
  writeBuffer(
    buffer: GpuBuffer,
    offset: number,
    data: Float32Array | Int32Array | Uint32Array,
    from?: number,
    length?: number,
  ): void;
  submit(commands: readonly GpuCommands[]): void;
  onSubmittedWorkDone(): Promise<void>;
}

export interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

export interface GpuEncoder {
  beginComputePass(): GpuPass;
  copyBufferToBuffer(
    from: GpuBuffer,
    fromOffset: number,
    to: GpuBuffer,
    toOffset: number,
    size: number,
  ): void;
  finish(): GpuCommands;
}

export interface GpuPass {
  setPipeline(pipeline: GpuPipeline): void;
  setBindGroup(index: number, group: GpuBindGroup, offsets?: readonly number[]): void;
  dispatchWorkgroups(x: number, y: number, z: number): void;
  end(): void;
}

/** Objects that are only passed on. */
export interface GpuShaderModule {
  readonly label: string;
}
export interface GpuPipeline {
  readonly label: string;
}
export interface GpuBindGroup {
  readonly label: string;
}
export interface GpuBindGroupLayout {
  readonly label: string;
}
export interface GpuPipelineLayout {
  readonly label: string;
}
export interface GpuCommands {
  readonly label: string;
}

/** Numbers of the specification (GPUBufferUsage, GPUShaderStage, GPUMapMode): not every host names them. */
export const USAGE = { mapRead: 1, copyFrom: 4, copyTo: 8, uniform: 64, storage: 128 } as const;
export const COMPUTE = 4;
export const MAP_READ = 1;
