/** The part of the host's WebAssembly that the backend uses; the compiler's libraries describe it only for pages. */

/** Compiled code, without memory; threads share it. */
export interface WasmModule {
  readonly compiled?: never;
}

export interface WasmMemory {
  /** Shows the memory as long as it is now: after it grew, another object than before. */
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

interface Host {
  compile(bytes: ArrayBufferView<ArrayBuffer> | ArrayBuffer): Promise<WasmModule>;
  instantiate(
    module: WasmModule,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ): Promise<{ readonly exports: unknown }>;
  readonly Memory: new (type: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => WasmMemory;
}

/** Undefined where the host has no WebAssembly. */
export const webAssembly = (globalThis as { readonly WebAssembly?: Host }).WebAssembly;
