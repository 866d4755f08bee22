/**
 * Whether a matrix unit computes what plain code does. Nobody vouches for an experiment: its text may not compile, a driver
 * may lay matrices out another way or keep sums in 16 bits. So a device that is opened for nothing else multiplies two
 * matrices of small integers both ways, and the unit is used only where not a bit differs.
 */
import type { Buffer } from '../backend.ts';
import { matmul } from './kernels/matmul.ts';
import { unitTile } from './kernels/unit-tile.ts';
import type { Launcher } from './launcher.ts';
import type { MatrixUnit } from './matrix-unit.ts';

/** What computes a product: with a unit, or without. */
export interface UnitHost extends Launcher {
  allocate(length: number): Buffer;
  write(buffer: Buffer, data: ArrayLike<number>): void;
  read(buffer: Buffer): Promise<ArrayLike<number>>;
}

/**
 * Of several tiles and strips, not all of them whole. Operands are exact in 16 bits and sums in 32, but sums go beyond 2048,
 * where 16 bits hold no odd numbers.
 */
async function product(host: UnitHost, unit: MatrixUnit): Promise<ArrayLike<number>> {
  const { rows, columns, depth } = unitTile(unit);
  const [m, n, k] = [rows + 3, columns + 5, 3 * depth + 7];
  const integers = (length: number, by: number): Buffer => {
    const buffer = host.allocate(length);
    host.write(
      buffer,
      Float32Array.from({ length }, (_, i) => ((i * by) % 31) - 6),
    );
    return buffer;
  };
  const [a, b, y] = [integers(m * k, 7), integers(k * n, 11), host.allocate(m * n)];
  const form = { transposeA: false, transposeB: false, alpha: 1, accumulate: false };
  matmul(host, a, b, y, { batch: 1, m, n, k, ...form });
  return host.read(y);
}

/** Why a unit is not to be used: undefined where its product is that of plain code. */
export async function unitFault(
  unit: MatrixUnit,
  plain: UnitHost,
  withUnit: UnitHost,
): Promise<string | undefined> {
  const expected = await product(plain, unit);
  const found = await product(withUnit, unit);
  const differing = Array.from(expected).filter((value, i) => value !== found[i]).length;
  return differing === 0
    ? undefined
    : `${differing} of ${expected.length} sums of a product differ from plain code's`;
}
