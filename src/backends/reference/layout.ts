/** Kernels that only move elements: permuting axes, copying strided blocks, gathering and scattering rows. */

/** y takes x's axes in the given order: y's axis i is x's axis `axes[i]`. At most six axes. */
export function permute(
  x: Float32Array,
  y: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
): void {
  const strides: number[] = [];
  for (let i = shape.length - 1, stride = 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  // Missing axes count as outer ones of size 1.
  const missing = 6 - shape.length;
  const size = [0, 1, 2, 3, 4, 5].map((i) => (i < missing ? 1 : shape[axes[i - missing]]));
  const step = [0, 1, 2, 3, 4, 5].map((i) => (i < missing ? 0 : strides[axes[i - missing]]));
  const innerSize = size[5];
  const innerStep = step[5];
  let at = 0;
  for (let a = 0; a < size[0]; a++)
    for (let b = 0; b < size[1]; b++)
      for (let c = 0; c < size[2]; c++)
        for (let d = 0; d < size[3]; d++)
          for (let e = 0; e < size[4]; e++) {
            const from = a * step[0] + b * step[1] + c * step[2] + d * step[3] + e * step[4];
            for (let f = 0; f < innerSize; f++) y[at++] = x[from + f * innerStep];
          }
}

/** Row i of `columns` elements goes from x[from.offset + i * from.stride] to y[to.offset + i * to.stride]. */
export function copyBlocks(
  x: Float32Array,
  y: Float32Array,
  rows: number,
  columns: number,
  from: { readonly offset: number; readonly stride: number },
  to: { readonly offset: number; readonly stride: number },
  accumulate: boolean,
): void {
  for (let i = 0; i < rows; i++) {
    const xAt = from.offset + i * from.stride;
    const yAt = to.offset + i * to.stride;
    if (accumulate) for (let j = 0; j < columns; j++) y[yAt + j] += x[xAt + j];
    else for (let j = 0; j < columns; j++) y[yAt + j] = x[xAt + j];
  }
}

/** y[i] = table[index[i]], rows of `columns`. */
export function gatherRows(
  table: Float32Array,
  index: Int32Array,
  y: Float32Array,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    const from = index[i] * columns;
    for (let j = 0; j < columns; j++) y[i * columns + j] = table[from + j];
  }
}

/** table[index[i]] += x[i], in the order of i. */
export function scatterAddRows(
  x: Float32Array,
  index: Int32Array,
  table: Float32Array,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    const to = index[i] * columns;
    for (let j = 0; j < columns; j++) table[to + j] += x[i * columns + j];
  }
}
