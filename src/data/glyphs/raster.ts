/**
 * Strokes to coverage: the share of each pixel that a round pen of a given half width covers, from the
 * distance between the pixel's centre and the nearest piece of the stroke. One pixel of ramp at the edge
 * is the anti-aliasing.
 */
export class Raster {
  readonly height: number;
  readonly width: number;
  /** [height, width], 0 not covered, 1 covered. */
  readonly coverage: Float32Array;

  constructor(height: number, width: number) {
    this.height = height;
    this.width = width;
    this.coverage = new Float32Array(height * width);
  }

  clear(): void {
    this.coverage.fill(0);
  }

  /** Draws a chain of points [x, y, x, y, ...] in pixels; pixel (row 0, column 0) has its centre at (0.5, 0.5). */
  stroke(points: Float64Array, halfWidth: number): void {
    for (let i = 2; i < points.length; i += 2) {
      this.segment(points[i - 2], points[i - 1], points[i], points[i + 1], halfWidth);
    }
  }

  private segment(x0: number, y0: number, x1: number, y1: number, halfWidth: number): void {
    const { coverage, height, width } = this;
    const reach = halfWidth + 0.5;
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
    const right = Math.min(width - 1, Math.floor(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
    const bottom = Math.min(height - 1, Math.floor(Math.max(y0, y1) + reach));
    const dx = x1 - x0;
    const dy = y1 - y0;
    const squared = dx * dx + dy * dy;
    const inverse = squared > 0 ? 1 / squared : 0;
    for (let row = top; row <= bottom; row++) {
      const py = row + 0.5 - y0;
      for (let column = left; column <= right; column++) {
        const px = column + 0.5 - x0;
        const along = (px * dx + py * dy) * inverse;
        const t = Math.max(0, Math.min(1, along));
        const ex = px - t * dx;
        const ey = py - t * dy;
        const distance2 = ex * ex + ey * ey;
        if (distance2 >= reach * reach) continue;
        const cover = reach - Math.sqrt(distance2);
        const at = row * width + column;
        const value = Math.min(1, cover);
        if (value > coverage[at]) coverage[at] = value;
      }
    }
  }
}
