/**
 * The matrix unit of a GPU: what multiplies small matrices that the lanes of a subgroup hold together. WebGPU does not have
 * it yet; Dawn and Chromium offer it as the experiment chromium-experimental-subgroup-matrix, with shapes and types that
 * differ with every adapter. Taken is the first shape that multiplies halves, or numbers of 32 bits, into sums of 32 bits
 * and fits the tile of kernels/unit-code.ts.
 */
import type { GpuAdapter } from './gpu.ts';
import { unitTile, unitTileBytes } from './kernels/unit-tile.ts';

/** sums [rows, columns] += left [rows, depth] right [depth, columns], the sums in float32. */
export interface MatrixUnit {
  /** Of operands. */
  readonly component: 'f16' | 'f32';
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Lanes of the largest subgroup: workgroups are multiples of it. */
  readonly lanes: number;
}

const EXPERIMENT = 'chromium-experimental-subgroup-matrix';

/** What every device of WebGPU has: threads of a workgroup, and bytes of its memory. */
const MOST_THREADS = 256;
const MOST_BYTES = 16384;

/** What a device must be opened with for it. */
export const unitFeatures = ({ component }: MatrixUnit): readonly string[] =>
  component === 'f16' ? [EXPERIMENT, 'subgroups', 'shader-f16'] : [EXPERIMENT, 'subgroups'];

/** For people and for programs' names. */
export const unitName = ({ component, rows, columns, depth, lanes }: MatrixUnit): string =>
  `${rows}x${columns}x${depth} ${component} of ${lanes} lanes`;

function fits(unit: MatrixUnit): boolean {
  const tile = unitTile(unit);
  const whole = [tile.blockRows / unit.rows, tile.blockColumns / unit.columns, tile.depth / unit.depth];
  return (
    whole.every(Number.isInteger) &&
    tile.blocks >= 1 &&
    tile.threads <= MOST_THREADS &&
    unitTileBytes(unit) <= MOST_BYTES
  );
}

/** The unit of an adapter that programs can use; null where it offers none, or none that fits. */
export function unitOf({ features, info }: GpuAdapter): MatrixUnit | null {
  const lanes = info.subgroupMaxSize;
  if (lanes === undefined) return null;
  const units: MatrixUnit[] = [];
  for (const { componentType, resultComponentType, M, N, K } of info.subgroupMatrixConfigs ?? []) {
    if (resultComponentType !== 'f32' || (componentType !== 'f16' && componentType !== 'f32')) continue;
    units.push({ component: componentType, rows: M, columns: N, depth: K, lanes });
  }
  const offered = units.filter(
    (unit) => fits(unit) && unitFeatures(unit).every((feature) => features.has(feature)),
  );
  return offered.find(({ component }) => component === 'f16') ?? offered[0] ?? null;
}
