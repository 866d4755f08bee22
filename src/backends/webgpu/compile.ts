/**
 * Programs as the GPU runs them: compiled when they are first launched, and bound to their buffers. What was bound
 * once is found again, for training steps take the same blocks from the pool in the same order.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { OpenDevice } from './device.ts';
import {
  COMPUTE,
  type GpuBindGroup,
  type GpuBindGroupLayout,
  type GpuPipeline,
  type GpuPipelineLayout,
} from './gpu.ts';
import type { Block } from './memory.ts';
import { type Aliases, bindingsOf, type Program, sourceOf, writtenBy } from './program.ts';

/** Groups of one kind that are kept: a network has hundreds, and who draws networks at random has ever new ones. */
const MOST_GROUPS = 8192;

/** How buffers are bound, and everything that is bound so. */
interface Binding {
  readonly layout: GpuBindGroupLayout;
  readonly pipelineLayout: GpuPipelineLayout;
  readonly groups: Map<string, GpuBindGroup>;
}

export interface Compiled {
  readonly pipeline: GpuPipeline;
  readonly binding: Binding;
  /** Places among the arguments of the buffers that are bound: each once. */
  readonly places: readonly number[];
  /** For every number, whether it is a float. */
  readonly floats: readonly boolean[];
}

export class Compiler {
  readonly uniformLayout: GpuBindGroupLayout;
  private readonly device: OpenDevice;
  private readonly bindings = new Map<string, Binding>();
  private readonly compiled = new Map<string, Compiled>();
  private readonly written = new Map<Program, readonly boolean[]>();

  constructor(device: OpenDevice) {
    this.device = device;
    this.uniformLayout = device.gpu.createBindGroupLayout({
      entries: [{ binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } }],
    });
  }

  /** The program as it is for these buffers, of which some may be the same, and some stand in one slab. */
  compile(program: Program, blocks: readonly Block[]): Compiled {
    const written = this.writtenBy(program);
    const slabs = blocks.some(({ slab }, i) => slab !== null && written[i]);
    let key = program.name;
    for (let i = 0; i < blocks.length; i++) {
      const first = blocks.indexOf(blocks[i]);
      if (first < i) key += `/${i}=${first}`;
      else if (slabs && blocks[i].slab !== null && !written[i]) key += `/${i}w`;
    }
    let one = this.compiled.get(key);
    if (one === undefined) {
      const aliases = blocks.map((block) => blocks.indexOf(block));
      const besides = blocks.map(({ slab }) => slabs && slab !== null);
      this.compiled.set(key, (one = this.build(program, aliases, besides, key)));
    }
    return one;
  }

  private writtenBy(program: Program): readonly boolean[] {
    let written = this.written.get(program);
    if (written === undefined) this.written.set(program, (written = writtenBy(program)));
    return written;
  }

  private build(program: Program, aliases: Aliases, besides: readonly boolean[], label: string): Compiled {
    const { gpu } = this.device;
    const letters = bindingsOf(program, aliases, besides);
    const most = gpu.limits.maxStorageBuffersPerShaderStage;
    if (letters.length > most) {
      throw new ShiftAddError(
        'run',
        `the program ${label} needs ${letters.length} buffers at once, but ${this.device.name} takes ${most}; choose another backend`,
        { backend: 'webgpu', program: label, limit: most },
      );
    }
    const binding = this.binding(letters);
    const module = gpu.createShaderModule({ code: sourceOf(program, aliases, besides), label });
    return {
      pipeline: gpu.createComputePipeline({
        layout: binding.pipelineLayout,
        compute: { module, entryPoint: 'main' },
        label,
      }),
      binding,
      places: aliases.flatMap((first, i) => (first === i ? [i] : [])),
      floats: program.params.map((text) => text.startsWith('f32 ')),
    };
  }

  private binding(letters: string): Binding {
    let binding = this.bindings.get(letters);
    if (binding === undefined) {
      const { gpu } = this.device;
      const layout = gpu.createBindGroupLayout({
        entries: Array.from(letters, (letter, place) => ({
          binding: place,
          visibility: COMPUTE,
          buffer: { type: letter === 'w' ? 'storage' : 'read-only-storage' },
        })),
      });
      binding = {
        layout,
        pipelineLayout: gpu.createPipelineLayout({ bindGroupLayouts: [layout, this.uniformLayout] }),
        groups: new Map(),
      };
      this.bindings.set(letters, binding);
    }
    return binding;
  }

  /** The buffers of a launch, bound. */
  group({ binding, places }: Compiled, blocks: readonly Block[]): GpuBindGroup {
    const { groups, layout } = binding;
    let key = ',';
    for (const place of places) key += `${blocks[place].id},`;
    let group = groups.get(key);
    if (group === undefined) {
      group = this.device.gpu.createBindGroup({
        layout,
        entries: places.map((place, i) => {
          const { gpu: buffer, offset, bytes: size } = blocks[place];
          return { binding: i, resource: { buffer, offset, size } };
        }),
      });
      if (groups.size === MOST_GROUPS) groups.clear();
      groups.set(key, group);
    }
    return group;
  }

  /** A block is about to go: nothing may be bound to it. */
  forget({ id }: Block): void {
    for (const { groups } of this.bindings.values()) {
      for (const key of groups.keys()) if (key.includes(`,${id},`)) groups.delete(key);
    }
  }
}
