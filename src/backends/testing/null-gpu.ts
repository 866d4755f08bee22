import type { Gpu } from '../webgpu/gpu.ts';

/** Dawn's null device, which checks every program and computes nothing; or why there is none. */
export async function nullGpu(): Promise<Gpu | string> {
  try {
    const { create } = (await import('webgpu' as string)) as { create(options: readonly string[]): Gpu };
    return create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  } catch (error) {
    return `the optional package webgpu did not load (${String(error).split('\n')[0]})`;
  }
}
