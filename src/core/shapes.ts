/** Shapes are plain arrays of sizes, outermost first. Images are [n, h, w, c]; matrices [rows, columns]. */
export type Shape = readonly number[];

/** Number of elements of a shape; 1 for the scalar shape []. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/** `[2, 3, 4]`, as errors and reports print it. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Output extent of a window of `kernel` moved by `stride` over `input` with `pad` on both sides. */
export function windowOutput(input: number, kernel: number, stride: number, pad: number): number {
  return Math.floor((input + 2 * pad - kernel) / stride) + 1;
}
