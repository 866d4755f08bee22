/**
 * The ten digits as strokes: lines through points, and arcs of ellipses. Coordinates are in a box from -1 to 1,
 * x to the right, y down; angles in degrees, 0 to the right, 90 down. Drawn for this project.
 */
type Stroke =
  | { readonly line: readonly number[] } // x, y, x, y, ...
  | { readonly arc: readonly [x: number, y: number, rx: number, ry: number, from: number, to: number] };

export interface Glyph {
  readonly name: string;
  readonly strokes: readonly Stroke[];
}

export const GLYPHS: readonly Glyph[] = [
  { name: '0', strokes: [{ arc: [0, 0, 0.6, 0.95, 0, 360] }] },
  { name: '1', strokes: [{ line: [-0.38, -0.5, 0.06, -0.95, 0.06, 0.95] }] },
  {
    name: '2',
    strokes: [{ arc: [0, -0.42, 0.55, 0.53, -170, 35] }, { line: [0.45, -0.12, -0.58, 0.93, 0.62, 0.93] }],
  },
  {
    name: '3',
    strokes: [{ arc: [-0.02, -0.47, 0.5, 0.48, -155, 90] }, { arc: [-0.02, 0.46, 0.58, 0.49, -90, 155] }],
  },
  { name: '4', strokes: [{ line: [0.28, 0.95, 0.28, -0.95, -0.6, 0.38, 0.66, 0.38] }] },
  {
    name: '5',
    strokes: [
      { line: [0.5, -0.93, -0.42, -0.93, -0.48, -0.08] },
      { arc: [-0.02, 0.34, 0.58, 0.6, -142, 145] },
    ],
  },
  {
    name: '6',
    strokes: [{ arc: [0, 0.4, 0.54, 0.55, 0, 360] }, { arc: [0.5, 0.4, 1.04, 1.36, 180, 258] }],
  },
  { name: '7', strokes: [{ line: [-0.58, -0.93, 0.58, -0.93, -0.18, 0.95] }] },
  {
    name: '8',
    strokes: [{ arc: [0, -0.48, 0.45, 0.47, 0, 360] }, { arc: [0, 0.47, 0.56, 0.48, 0, 360] }],
  },
  {
    name: '9',
    strokes: [{ arc: [0, -0.4, 0.54, 0.55, 0, 360] }, { arc: [-0.5, -0.4, 1.04, 1.36, 0, 78] }],
  },
];

const DEGREES_PER_PIECE = 18;

/** A glyph as chains of points, [x, y, x, y, ...]; arcs become pieces of at most 18 degrees. */
export function flatten(glyph: Glyph): Float64Array[] {
  return glyph.strokes.map((stroke) => {
    if ('line' in stroke) return refineLine(stroke.line);
    const [x, y, rx, ry, from, to] = stroke.arc;
    const pieces = Math.ceil(Math.abs(to - from) / DEGREES_PER_PIECE);
    const points = new Float64Array(2 * (pieces + 1));
    for (let i = 0; i <= pieces; i++) {
      const angle = ((from + ((to - from) * i) / pieces) * Math.PI) / 180;
      points[2 * i] = x + rx * Math.cos(angle);
      points[2 * i + 1] = y + ry * Math.sin(angle);
    }
    return points;
  });
}

/** Straight lines get points in between, so that wobble can bend them. */
function refineLine(line: readonly number[]): Float64Array {
  const points: number[] = [line[0], line[1]];
  for (let i = 2; i < line.length; i += 2) {
    const [x0, y0, x1, y1] = [line[i - 2], line[i - 1], line[i], line[i + 1]];
    const pieces = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 0.5);
    for (let k = 1; k <= pieces; k++) {
      points.push(x0 + ((x1 - x0) * k) / pieces, y0 + ((y1 - y0) * k) / pieces);
    }
  }
  return Float64Array.from(points);
}
