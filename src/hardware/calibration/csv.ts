import { nearest, ShiftAddError } from '../../core/errors.ts';
import type { Workload, WorkloadKind } from '../workload.ts';
import { latencyFamily } from './features.ts';
import type { Measurement } from './fit.ts';

/**
 * Measurements of any machine as a CSV file: a line of column names, then one layer a line. Sizes are those of
 * `Workload`; `ms` is the time of one run.
 *
 *   kind,n,h,w,c,r,s,m,stride,groups,ms
 *   conv,1,14,14,256,3,3,256,1,1,1.42
 *
 * kind is conv, add, shift, linear, matmul or vector. Left-out columns are 1, but w is h, s is r, m is c of a vector,
 * and e, f are h / stride and w / stride rounded up. Lines that start with # say nothing.
 */
const KINDS: readonly WorkloadKind[] = ['conv', 'add', 'shift', 'linear', 'matmul', 'vector'];
const SIZES = ['n', 'h', 'w', 'c', 'r', 's', 'm', 'e', 'f', 'stride', 'groups'] as const;
const WORK = ['multiplications', 'additions', 'operands'] as const;
const COLUMNS = ['kind', ...SIZES, ...WORK, 'ms'];
const NEEDED = ['kind', 'c', 'ms'];

/** Throws 'data' with the line, the column, what stands there and what would be right. */
export function parseMeasurements(text: string, where = 'measurements'): Measurement[] {
  const lines = text.split(/\r?\n/).map((line, i) => ({ number: i + 1, line: line.trim() }));
  const rows = lines.filter(({ line }) => line !== '' && !line.startsWith('#'));
  const [head, ...body] = rows;
  const fail = (number: number, sentence: string): never => {
    throw new ShiftAddError('data', `${where}, line ${number}: ${sentence}`, { line: number });
  };
  if (head === undefined) return fail(1, `a line of column names is needed, such as ${EXAMPLE}.`);
  const columns = head.line.split(',').map((name) => name.trim());
  for (const name of columns) {
    if (COLUMNS.includes(name)) continue;
    const near = nearest(name, COLUMNS);
    fail(
      head.number,
      `unknown column "${name}"; ${near ? `did you mean "${near}"?` : `known are ${COLUMNS.join(', ')}.`}`,
    );
  }
  for (const name of NEEDED) {
    if (!columns.includes(name))
      fail(head.number, `the column "${name}" is missing; add it, as in ${EXAMPLE}.`);
  }
  if (body.length === 0)
    fail(head.number, 'no measurement follows the column names; add a line for every layer.');
  return body.map(({ number, line }) => {
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length !== columns.length) {
      fail(
        number,
        `${columns.length} values are needed (${columns.join(',')}), but there are ${cells.length}.`,
      );
    }
    const at = new Map(columns.map((name, i) => [name, cells[i]]));
    return measurement(at, (sentence) => fail(number, sentence));
  });
}

const EXAMPLE = '"kind,n,h,w,c,r,s,m,stride,groups,ms"';

function measurement(cells: ReadonlyMap<string, string>, fail: (sentence: string) => never): Measurement {
  const kind = cells.get('kind') ?? '';
  if (!(KINDS as readonly string[]).includes(kind)) {
    const near = nearest(kind, KINDS);
    fail(
      `"kind" must be one of ${KINDS.join(', ')}, but is "${kind}"${near ? `; did you mean "${near}"?` : '.'}`,
    );
  }
  const size = (name: (typeof SIZES)[number], otherwise: number): number => {
    const cell = cells.get(name);
    if (cell === undefined || cell === '') return otherwise;
    const value = Number(cell);
    if (Number.isInteger(value) && value > 0) return value;
    return fail(`"${name}" must be a whole number of at least 1, but is "${cell}".`);
  };
  const amount = (name: string): number => {
    const cell = cells.get(name) ?? '';
    const value = cell === '' ? 0 : Number(cell);
    return Number.isFinite(value) && value >= 0
      ? value
      : fail(`"${name}" must not be negative, but is "${cell}".`);
  };
  const ms = Number(cells.get('ms') || Number.NaN);
  if (!(Number.isFinite(ms) && ms > 0)) {
    fail(`"ms" must be a time above zero in milliseconds, but is "${cells.get('ms')}".`);
  }
  const [n, c, stride, groups] = [size('n', 1), size('c', 1), size('stride', 1), size('groups', 1)];
  const h = size('h', 1);
  const w = size('w', h);
  const r = size('r', 1);
  const m = size('m', kind === 'vector' ? c : 1);
  if (c % groups !== 0 || m % groups !== 0) {
    fail(`"groups" must divide c and m, but ${groups} does not divide ${c} and ${m}.`);
  }
  const load: Workload = {
    ...{ name: 'measured', kind: kind as WorkloadKind, family: kind, n, h, w, c, r, s: size('s', r), m },
    ...{
      e: size('e', Math.ceil(h / stride)),
      f: size('f', Math.ceil(w / stride)),
      stride,
      groups,
      weights: 0,
    },
  };
  if (kind !== 'vector') return { load, ms };
  const vector = {
    multiplications: amount('multiplications'),
    additions: amount('additions'),
    operands: amount('operands'),
  };
  return { load: { ...load, vector }, ms };
}

/** The file that `parseMeasurements` reads; `notes` become lines with #. */
export function formatMeasurements(
  measurements: readonly Measurement[],
  notes: readonly string[] = [],
): string {
  const line = ({ load, ms }: Measurement) => {
    const work = WORK.map((name) => (load.kind === 'vector' ? String(load.vector?.[name] ?? 0) : ''));
    return [load.kind, ...SIZES.map((name) => load[name]), ...work, ms.toPrecision(6)].join(',');
  };
  const sorted = [...measurements].sort((a, b) => (latencyFamily(a.load) < latencyFamily(b.load) ? -1 : 1));
  return `${[...notes.map((note) => `# ${note}`), COLUMNS.join(','), ...sorted.map(line)].join('\n')}\n`;
}
