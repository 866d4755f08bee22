/**
 * What a GPU can do at most: chains of multiply-adds, of the adder's instructions, and walks through memory. A program
 * keeps 32 numbers in each thread, each the start of its next step, so that nothing can be left out and units never wait.
 */
import type { Buffer } from '../backend.ts';
import { PEAKS, type PeakMeter, type PeakName } from '../peaks.ts';
import { fold } from './kernels/grid.ts';
import type { Launcher } from './launcher.ts';
import { GRID, MAIN, type Program, THREADS } from './program.ts';

/** Length of a reading, ms: long against a launch and against the way to the GPU and back. */
const READING_MS = 20;
/** Workgroups of an arithmetic program: many for every processor of a GPU. */
const GROUPS = 2048;
const VECTORS = 8;
const MIB = 2 ** 20;

const range = Array.from({ length: VECTORS }, (_, i) => i);

/** Steps of v = f(v) over the thread's vectors. */
const chains = (name: string, step: (v: string) => string): Program => ({
  name: `peak ${name}`,
  buffers: ['write out'],
  params: ['u32 repeats', 'f32 a', 'f32 b'],
  code: `
${MAIN}
fn main(${GRID}) {
  let i = (group.y * groups.x + group.x) * ${THREADS}u + local;
  ${range.map((k) => `var v${k} = vec4f(f32(i % 7u) * 0.1, 0.2, 0.3, 0.4) + ${k}.0;`).join('\n  ')}
  for (var n = 0u; n < p.repeats; n++) {
    ${range.map((k) => `v${k} = ${step(`v${k}`)};`).join(' ')}
  }
  let v = ${range.map((k) => `v${k}`).join(' + ')};
  // Never so, but nobody knows before.
  if (v.x + v.y + v.z + v.w == 12345.678) { out[0] = v.x; }
}`,
});

/** Walks of a thread through memory, the whole grid side by side. */
const walk = (name: string, buffers: readonly string[], step: string): Program => ({
  name: `peak ${name}`,
  buffers,
  params: ['u32 repeats', 'u32 length', 'f32 a'],
  code: `
${MAIN}
fn main(${GRID}) {
  let all = groups.x * groups.y * ${THREADS}u;
  var sum = vec4f();
  for (var i = (group.y * groups.x + group.x) * ${THREADS}u + local; i < p.length; i += all) { ${step} }
  if (sum.x + sum.y + sum.z + sum.w == 12345.678) { z[0] = sum; }
}`,
});

const PROGRAMS: Readonly<Record<PeakName, Program>> = {
  multiplyAdd: chains('multiply-add', (v) => `${v} * p.a + p.b`),
  subtractAbsAdd: chains('sub abs add', (v) => `abs(${v} - p.a) + p.b`),
  maximumAdd: chains('max add', (v) => `max(${v}, vec4f(p.a)) + p.b`),
  clampMultiplyAdd: chains('clamp', (v) => `clamp(${v} - p.a, vec4f(-1.0), vec4f(1.0)) * p.a + p.b`),
  read: walk('read', ['read x: vec4f', 'write z: vec4f'], 'sum += x[i];'),
  triad: walk('triad', ['read x: vec4f', 'read y: vec4f', 'write z: vec4f'], 'z[i] = x[i] + p.a * y[i];'),
};

/** What a meter needs of the backend beside launches. */
export interface PeakHost extends Launcher {
  allocate(length: number): Buffer;
  free(buffer: Buffer): void;
  finish(): Promise<void>;
  /** Bytes of the largest buffer. */
  readonly largest: number;
}

export class GpuPeaks implements PeakMeter {
  private readonly host: PeakHost;
  private readonly out: Buffer;
  /** Three arrays, made when memory is first measured, and their length. */
  private arrays: readonly Buffer[] = [];
  private readonly length: number;
  /** Steps of an arithmetic program, or walks through memory, that take READING_MS. */
  private readonly repeats = new Map<PeakName, number>();

  constructor(host: PeakHost) {
    this.host = host;
    this.length = Math.min(256 * MIB, host.largest) / 4;
    this.out = host.allocate(1);
  }

  async read(name: PeakName): Promise<number> {
    let repeats = this.repeats.get(name);
    if (repeats === undefined) {
      repeats = 1;
      // twice: the first launch compiles, and a GPU that idled takes a while to come up to its clock
      await this.milliseconds(name, repeats);
      while ((await this.milliseconds(name, repeats)) < READING_MS) repeats *= 2;
      this.repeats.set(name, repeats);
    }
    const ms = await this.milliseconds(name, repeats);
    const elements = isMemory(name) ? this.length : GROUPS * THREADS * VECTORS * 4;
    return (1e3 * PEAKS[name].each * elements * repeats) / ms;
  }

  private async milliseconds(name: PeakName, repeats: number): Promise<number> {
    const { length, out } = this;
    if (isMemory(name) && this.arrays.length === 0) {
      this.arrays = [0, 1, 2].map(() => this.host.allocate(length));
    }
    const from = performance.now();
    if (isMemory(name)) {
      const [x, y, z] = this.arrays;
      const buffers = name === 'read' ? [x, z] : [x, y, z];
      const grid = fold(GROUPS);
      for (let i = 0; i < repeats; i++)
        this.host.launch(PROGRAMS[name], buffers, [1, length / 4, 0.5], ...grid);
    } else {
      this.host.launch(PROGRAMS[name], [out], [repeats, 0.999, 0.001], ...fold(GROUPS));
    }
    await this.host.finish();
    return Math.max(performance.now() - from, 1e-3);
  }

  dispose(): void {
    for (const buffer of [this.out, ...this.arrays]) this.host.free(buffer);
  }
}

const isMemory = (name: PeakName): boolean => name === 'read' || name === 'triad';
