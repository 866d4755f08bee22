/**
 * Matrix units: which are taken, that their programs are valid to Dawn's compiler, and that plain code stays where a unit is
 * missing, does not fit, does not compile or computes something else. Dawn's null device plays adapters with units of any
 * shape; it checks everything and computes nothing. What programs compute is asked of their text (kernels/unit-code.test.ts)
 * and of an adapter with a unit where the machine has one, as lavapipe of Mesa 26 is. Skipped with the reason where
 * the package webgpu or such an adapter is not there.
 */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Random } from '../../core/random.ts';
import type { Backend, Buffer, MatmulShape } from '../backend.ts';
import { windowShape } from '../conformance/windows.ts';
import { conformanceCases } from '../conformance.ts';
import { nullGpu } from '../testing/null-gpu.ts';
import { adapterNames, findAdapter } from './adapters.ts';
import type { Gpu, GpuAdapter, GpuDevice, GpuInfo } from './gpu.ts';
import { USAGE } from './gpu.ts';
import { unitFor } from './kernels/tile.ts';
import { unitOf } from './matrix-unit.ts';
import { Queue } from './queue.ts';
import { createWebGpu } from './webgpu.ts';

vi.setConfig({ testTimeout: 600_000 });

const EXPERIMENT = 'chromium-experimental-subgroup-matrix';

const config = (component: string, result: string, M: number, N: number, K: number) => ({
  ...{ componentType: component, resultComponentType: result, M, N, K },
});
/** Of Apple's GPUs since M1 as Dawn lists them, of NVIDIA's and of Intel's. */
const APPLE = config('f16', 'f32', 8, 8, 8);
const APPLE_SINGLE = config('f32', 'f32', 8, 8, 8);
const NVIDIA = config('f16', 'f32', 16, 16, 16);
const INTEL = config('f16', 'f32', 8, 16, 16);
type Config = typeof APPLE;

describe('the unit of an adapter', () => {
  const all = [EXPERIMENT, 'subgroups', 'shader-f16'];
  const found = (configs: readonly Config[], features = all, lanes: number | undefined = 32) => {
    const info = { subgroupMaxSize: lanes, subgroupMatrixConfigs: configs } as unknown as GpuInfo;
    return unitOf({ info, features: new Set(features) } as unknown as GpuAdapter);
  };

  test.each([
    ['no shape', found([])],
    ['not the feature', found([NVIDIA], ['subgroups', 'shader-f16'])],
    ['no subgroups', found([NVIDIA], [EXPERIMENT, 'shader-f16'])],
    ['no halves', found([NVIDIA], [EXPERIMENT, 'subgroups'])],
    ['sums in 16 bits', found([config('f16', 'f16', 8, 8, 8)])],
    ['integers', found([config('i8', 'i32', 8, 8, 32)])],
    ['a shape that does not divide a block', found([config('f16', 'f32', 12, 8, 8)])],
    ['a strip that does not divide', found([config('f16', 'f32', 16, 16, 64)])],
    ['sums too large for the memory', found([config('f16', 'f32', 32, 32, 16)])],
    ['subgroups larger than a workgroup', found([NVIDIA], all, 512)],
    ['no largest subgroup', unitOf({ info: {}, features: new Set(all) } as unknown as GpuAdapter)],
  ])('none with %s', (_, unit) => {
    expect(unit).toBeNull();
  });

  test('the first that fits, halves before 32 bits', () => {
    const f16 = { component: 'f16', rows: 16, columns: 16, depth: 16, lanes: 32 };
    expect(found([APPLE_SINGLE, config('i8', 'i32', 8, 8, 32), NVIDIA, INTEL])).toEqual(f16);
    const single = { component: 'f32', rows: 8, columns: 8, depth: 8, lanes: 32 };
    expect(found([config('f16', 'f16', 8, 8, 8), APPLE_SINGLE], [EXPERIMENT, 'subgroups'])).toEqual(single);
  });

  test('it makes products of two halves that are not smaller than it', () => {
    const unit = found([NVIDIA]);
    const [launcher, shape] = [
      { half: true, unit },
      { rows: 16, columns: 16 },
    ];
    const product = { operation: 'product' } as const;
    expect(unitFor(launcher, product, shape)).toBe(unit);
    expect(unitFor({ half: true, unit: null }, product, shape)).toBeNull();
    expect(unitFor({ ...launcher, half: false }, product, shape)).toBeNull();
    expect(unitFor(launcher, { operation: 'distance' }, shape)).toBeNull();
    expect(unitFor(launcher, { ...product, gradient: 'right' }, shape)).toBeNull();
    expect(unitFor(launcher, product, { rows: 15, columns: 16 })).toBeNull();
    expect(unitFor(launcher, product, { rows: 16, columns: 15 })).toBeNull();
  });
});

const gpu = await nullGpu();

/** The null device as an adapter with units of these shapes; `change` what becomes of its devices. */
function playing(configs: readonly Config[], change: (device: GpuDevice) => void = () => {}): void {
  const { requestAdapter, wgslLanguageFeatures } = gpu as Gpu;
  vi.stubGlobal('navigator', {
    gpu: {
      wgslLanguageFeatures,
      async requestAdapter() {
        const adapter = (await requestAdapter.call(gpu)) as GpuAdapter;
        const { vendor, architecture, device, description } = adapter.info;
        return {
          info: {
            ...{ vendor, architecture, device, description },
            ...{ subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs: configs },
          },
          ...{ limits: adapter.limits, features: adapter.features },
          async requestDevice(wanted: object) {
            const opened = await adapter.requestDevice(wanted);
            change(opened);
            return opened;
          },
        };
      },
    },
  });
}

/** What is read of the device begins with numbers of `next`, and is zero then: the null device gives back whatever it finds. */
function reading(next: () => number): (device: GpuDevice) => void {
  return (device) => {
    const { createBuffer } = device;
    device.createBuffer = (wanted) => {
      const buffer = createBuffer.call(device, wanted);
      if ((wanted.usage & USAGE.mapRead) !== 0)
        buffer.getMappedRange = () =>
          Float32Array.from({ length: wanted.size / 4 }, (_, i) => (i === 0 ? next() : 0)).buffer;
      return buffer;
    };
  };
}

describe.skipIf(typeof gpu === 'string')(typeof gpu === 'string' ? gpu : 'null device', () => {
  afterEach(() => void vi.unstubAllGlobals());

  /** Names of the programs that cases of these kernels launch. */
  async function launched(backend: Backend, kernels: readonly string[]): Promise<string[]> {
    const launch = vi.spyOn(Queue.prototype, 'launch');
    const cases = conformanceCases.filter(({ kernel }) => kernels.includes(kernel));
    for (const entry of cases.filter((_, i) => i % 3 === 0)) await entry.compute(backend);
    const names = launch.mock.calls.map(([program]) => program.name);
    launch.mockRestore();
    return [...new Set(names)];
  }

  test.each([
    ['8x8x8 f16', APPLE],
    ['8x8x8 f32', APPLE_SINGLE],
    ['16x16x16 f16', NVIDIA],
    ['8x16x16 f16', INTEL],
  ])('programs of %s are valid in every form', async (name, shape) => {
    playing(
      [shape],
      reading(() => 0),
    );
    const backend = await createWebGpu({ device: '0', precision: 'half' });
    expect(backend.description).toContain(`multiplied by its matrix unit (${name} of 32 lanes)`);
    const names = await launched(backend, ['matmul', 'convForward', 'convInputGradient', 'adderForward']);
    const on = (unit: boolean) => names.filter((one) => one.includes(` on unit ${name}`) === unit);
    expect(on(true).filter((one) => one.startsWith('matmul')).length).toBeGreaterThan(8);
    expect(on(true).some((one) => one.endsWith(' split'))).toBe(true);
    expect(on(true).some((one) => one.startsWith('convForward'))).toBe(true);
    expect(on(true).every((one) => /^(matmul|convForward)/.test(one))).toBe(true);
    expect(on(false).some((one) => one.startsWith('matmul') && one.endsWith('half'))).toBe(true);
    backend.dispose();
  });

  test.each([
    ['in single precision', {}],
    ['without units', { precision: 'half', units: false }],
  ] as const)('%s none is used', async (_, options) => {
    playing([NVIDIA], (device) => {
      const { createShaderModule } = device;
      device.createShaderModule = (wanted) => {
        expect(wanted.code).not.toContain('subgroup_matrix');
        return createShaderModule.call(device, wanted);
      };
    });
    const backend = await createWebGpu({ device: '0', ...options });
    expect(backend.description).not.toContain('unit');
    const names = await launched(backend, ['matmul']);
    expect(names.filter((name) => name.includes('unit'))).toEqual([]);
    backend.dispose();
  });

  test('a shape that does not fit is as if there were none', async () => {
    playing([config('f16', 'f16', 8, 8, 8)]);
    const backend = await createWebGpu({ device: '0', precision: 'half' });
    expect(backend.description).toMatch(/operands in half precision$/);
    backend.dispose();
  });

  let reads = 0;
  const FAULTS: readonly (readonly [string, RegExp, (device: GpuDevice) => void])[] = [
    [
      'does not compile',
      /without its matrix unit: .*the GPU refused.*/,
      (device) => {
        const { createShaderModule } = device;
        device.createShaderModule = (wanted) => {
          const code = wanted.code.replaceAll('subgroupMatrixLoad', 'subgroupMatrixLoadOfAnotherDay');
          return createShaderModule.call(device, { ...wanted, code });
        };
      },
    ],
    [
      'computes something else',
      /without its matrix unit: 1 of \d+ sums of a product differ from plain code's/,
      reading(() => reads++),
    ],
  ];
  test.each(FAULTS)('one that %s is not used, and the description says why', async (_, note, change) => {
    vi.spyOn(console, 'warn').mockReturnValue();
    playing([NVIDIA], change);
    const backend = await createWebGpu({ device: '0', precision: 'half' });
    expect(backend.description).toMatch(note);
    vi.restoreAllMocks();
    const launch = vi.spyOn(Queue.prototype, 'launch');
    const [a, b, y] = [0, 1, 2].map(() => backend.allocate(64 * 64));
    const form = { transposeA: false, transposeB: false, alpha: 1, accumulate: false };
    backend.matmul(a, b, y, { batch: 1, m: 64, n: 64, k: 64, ...form });
    await backend.read(y);
    expect(launch.mock.calls.map(([program]) => program.name)).toEqual([
      expect.stringMatching(/^matmul .* half$/),
    ]);
    launch.mockRestore();
    backend.dispose();
  });
});

/** The first adapter of the machine that has a unit. */
async function adapterWithUnit(): Promise<string | undefined> {
  if (typeof gpu === 'string') return undefined;
  for (const name of await adapterNames())
    if ((await findAdapter(name, true).catch(() => null))?.unit) return name;
  return undefined;
}

const device = await adapterWithUnit();

describe.skipIf(device === undefined)(device ?? 'no adapter of this machine has a matrix unit', () => {
  test('its products are those of plain code, of operands rounded to halves', async () => {
    const options = { precision: 'half', ...(device === undefined ? {} : { device }) } as const;
    const [unit, plain] = [await createWebGpu(options), await createWebGpu({ ...options, units: false })];
    expect(unit.description).toContain('multiplied by its matrix unit');
    const random = Random.fromSeed('matrix units');
    const normal = (length: number) => Float32Array.from({ length }, () => random.normal());
    const both = async (length: number, launch: (backend: Backend, y: Buffer) => void): Promise<number> => {
      const [found, expected] = await Promise.all(
        [unit, plain].map((backend) => {
          const y = backend.allocate(length);
          launch(backend, y);
          return backend.read(y);
        }),
      );
      const largest = Math.max(...expected.map(Math.abs));
      expect(largest).toBeGreaterThan(1);
      return Math.max(...found.map((value, i) => Math.abs(value - expected[i]))) / largest;
    };
    const on = (backend: Backend, data: Float32Array): Buffer => {
      const buffer = backend.allocate(data.length);
      backend.write(buffer, data);
      return buffer;
    };
    const launch = vi.spyOn(Queue.prototype, 'launch');
    const form = { transposeA: false, transposeB: true, alpha: 1, accumulate: false };
    const shape: MatmulShape = { batch: 2, m: 70, n: 75, k: 100, ...form };
    const [a, b] = [normal(2 * 70 * 100), normal(2 * 75 * 100)];
    expect(
      await both(2 * 70 * 75, (backend, y) => backend.matmul(on(backend, a), on(backend, b), y, shape)),
    ).toBeLessThan(1e-5);
    const window = { n: 2, h: 9, w: 7, c: 6, r: 3, s: 3, m: 20, stride: 1, pad: 1, groups: 1 };
    const [x, w] = [normal(2 * 9 * 7 * 6), normal(3 * 3 * 6 * 20)];
    expect(
      await both(2 * 9 * 7 * 20, (backend, y) =>
        backend.convForward(on(backend, x), on(backend, w), y, windowShape(window)),
      ),
    ).toBeLessThan(1e-5);
    const names = launch.mock.calls.map(([program]) => program.name);
    expect(names.filter((name) => name.includes(' on unit ')).length).toBe(2);
    launch.mockRestore();
    unit.dispose();
    plain.dispose();
  });
});
