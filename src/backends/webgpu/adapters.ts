/**
 * Which GPUs there are. A page has its own `navigator.gpu`; Node gets one from npm's optional package `webgpu` (Dawn),
 * which is loaded when it is first asked for. Software that plays a GPU is told apart: nothing is computed on it unless
 * it is asked for by name.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { Gpu, GpuAdapter } from './gpu.ts';
import { type MatrixUnit, unitOf } from './matrix-unit.ts';

/** `high-performance`, `low-power`, part of an adapter's name, or its number in the list. */
export type DeviceChoice = string;

export interface FoundAdapter {
  readonly adapter: GpuAdapter;
  /** For people. */
  readonly name: string;
  /** Whether a processor plays the GPU. */
  readonly software: boolean;
  /** Lanes of the smallest subgroup in which they may hand values to each other; 1 where they cannot. */
  readonly subgroup: number;
  /** Its matrix unit; null where it has none that programs can use, or experiments were not asked for. */
  readonly unit: MatrixUnit | null;
}

interface DawnPackage {
  create(options: readonly string[]): Gpu;
}

/** Programs write what they share in a workgroup before they read it; clearing it first takes time, most of all to compile. */
const FEATURES = 'enable-dawn-features=disable_workgroup_init';
/** Matrix units are one of Dawn's experiments, and those of NVIDIA's hold f16, which Dawn leaves out there unless asked. */
const EXPERIMENTS = `${FEATURES},allow_unsafe_apis,vulkan_enable_f16_on_nvidia`;

/** Dawn's objects by options: one that is not reachable any more takes its devices with it. */
const kept = new Map<string, Gpu>();
let dawn: Promise<DawnPackage> | undefined;

async function loadDawn(): Promise<DawnPackage> {
  // A name in a variable: the package is optional, and its types are not needed.
  const name = 'webgpu';
  dawn ??= import(name) as Promise<DawnPackage>;
  try {
    return await dawn;
  } catch (cause) {
    dawn = undefined;
    throw new ShiftAddError(
      'missing',
      `the webgpu backend needs the optional package webgpu, but it did not load (${String((cause as Error).message).split('\n')[0]}); install it with: npm install webgpu`,
      { backend: 'webgpu', package: 'webgpu' },
      cause,
    );
  }
}

/** A GPU of the page, or Dawn restricted to the adapters whose name holds `adapter`. A page has experiments or has not. */
async function gpuOf(adapter: string, experiments: boolean): Promise<Gpu> {
  const own = (globalThis as { readonly navigator?: { readonly gpu?: Gpu } }).navigator?.gpu;
  if (own !== undefined) return own;
  if ((globalThis as { readonly process?: unknown }).process === undefined) {
    throw new ShiftAddError(
      'missing',
      'the webgpu backend needs navigator.gpu, but this page has none; serve it over https or from localhost, in a browser with WebGPU',
      { backend: 'webgpu' },
    );
  }
  const { create } = await loadDawn();
  const options = [experiments ? EXPERIMENTS : FEATURES, ...(adapter === '' ? [] : [`adapter=${adapter}`])];
  let gpu = kept.get(options.join());
  if (gpu === undefined) kept.set(options.join(), (gpu = create(options)));
  return gpu;
}

/** The names that Dawn knows, in its order; it tells them when it is asked for one that there is not. */
export async function adapterNames(): Promise<readonly string[]> {
  const gpu = await gpuOf('no adapter has this name', false);
  try {
    const adapter = await gpu.requestAdapter();
    return adapter === null ? [] : [nameOf(adapter)];
  } catch (error) {
    return Array.from(String(error).matchAll(/name: '([^']*)'/g), ([, name]) => name);
  }
}

function nameOf({ info }: GpuAdapter): string {
  return (
    info.description || info.device || `${info.vendor} ${info.architecture}`.trim() || 'a GPU without a name'
  );
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|warp/i;

function found(gpu: Gpu, adapter: GpuAdapter, known?: string): FoundAdapter {
  const { info } = adapter;
  const name = known ?? nameOf(adapter);
  const software =
    info.isFallbackAdapter === true ||
    SOFTWARE.test(`${name} ${info.architecture} ${info.device} ${info.description}`);
  // Without `subgroup_id` nobody says which lanes of a workgroup make one.
  const subgroups = adapter.features.has('subgroups') && gpu.wgslLanguageFeatures?.has('subgroup_id');
  return {
    ...{ adapter, name, software },
    subgroup: subgroups ? (info.subgroupMinSize ?? 1) : 1,
    unit: subgroups ? unitOf(adapter) : null,
  };
}

/**
 * Whether the machine shows a GPU at all. Looked at before Dawn is loaded: it is large, and says on the terminal that
 * there is no Vulkan. Linux has files for GPUs; elsewhere Dawn is asked.
 */
function mayHaveGpu(): boolean {
  const { process } = globalThis as { readonly process?: NodeJS.Process };
  if (process?.platform !== 'linux') return true;
  const { existsSync } = process.getBuiltinModule('node:fs');
  return ['/dev/dri', '/dev/nvidia0', '/dev/dxg', '/dev/mali0', '/dev/kgsl-3d0'].some((path) =>
    existsSync(path),
  );
}

/**
 * The adapter asked for; without a choice the fastest one that is a GPU. With `experiments` it shows what WebGPU does not
 * have yet. Throws 'missing' where there is none.
 */
export async function findAdapter(choice?: DeviceChoice, experiments = false): Promise<FoundAdapter> {
  if (choice === undefined || choice === 'high-performance' || choice === 'low-power') {
    const powerPreference = choice ?? 'high-performance';
    const gpu = mayHaveGpu() ? await gpuOf('', experiments) : null;
    const adapter = gpu === null ? null : await gpu.requestAdapter({ powerPreference });
    const one = gpu === null || adapter === null ? undefined : found(gpu, adapter);
    if (one !== undefined && !one.software) return one;
    throw noGpu(one);
  }
  const names = await adapterNames();
  const number = /^\d+$/.test(choice) ? Number(choice) : undefined;
  const name =
    number === undefined
      ? names.find((candidate) => candidate.toLowerCase().includes(choice.toLowerCase()))
      : names[number];
  const gpu = name === undefined ? null : await gpuOf(name, experiments);
  const adapter = gpu === null ? null : await gpu.requestAdapter();
  if (gpu !== null && adapter !== null) return found(gpu, adapter, name);
  throw new ShiftAddError('missing', `there is no GPU ${choice}; ${listed(names)}`, {
    backend: 'webgpu',
    device: choice,
    names,
  });
}

function noGpu(software: FoundAdapter | undefined): ShiftAddError {
  const reason =
    software === undefined
      ? 'no GPU was found: its driver (Vulkan, Metal or Direct3D 12) must be installed'
      : `no GPU was found but ${software.name}, which computes on the processor; name it with --device to use it all the same`;
  return new ShiftAddError('missing', reason, { backend: 'webgpu' });
}

function listed(names: readonly string[]): string {
  if (names.length === 0)
    return 'no GPU was found at all: its driver (Vulkan, Metal or Direct3D 12) must be installed';
  return `--device takes high-performance, low-power, or a number or part of a name of ${names
    .map((name, i) => `${i}: ${name}`)
    .join(', ')}`;
}
