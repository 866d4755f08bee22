import { type Accelerator, type SwitchName, switchesSchema } from './accelerator.ts';
import { parseAccelerator } from './check.ts';
import { Pricer } from './pricer.ts';
import type { Workload } from './workload.ts';

/**
 * From one accelerator to another, one named difference after another: first the switches, then the numbers. Each
 * step says what it alone adds on top of those before it, so the steps sum to the whole difference and a reader sees
 * which part of a saving comes from which assumption.
 */
export interface Step {
  /** Name of the switch, or of the table that is replaced: units, memory ... */
  readonly change: string;
  readonly from: string;
  readonly to: string;
  readonly energyMj: number;
  readonly latencyMs: number;
  /** Change against the step before, mJ and percent of it. */
  readonly energyChangeMj: number;
  readonly energyChangePercent: number;
  readonly latencyChangeMs: number;
  readonly latencyChangePercent: number;
}

export interface Explanation {
  readonly start: { readonly energyMj: number; readonly latencyMs: number };
  readonly end: { readonly energyMj: number; readonly latencyMs: number };
  readonly steps: readonly Step[];
}

const SWITCHES = Object.keys(switchesSchema.shape) as SwitchName[];
/** Tables, in the order they are replaced; bandwidth comes before the switches, for stalls need it. */
const TABLES = [
  'formats',
  'units',
  'memory',
  'buffers',
  'processingElements',
  'clockMHz',
  'model',
  'calibration',
] as const;

/** Throws 'usage' when an accelerator lacks the bit width, 'limit' when a layer has no tiling on the way. */
export function explain(
  loads: readonly Workload[],
  from: Accelerator,
  to: Accelerator,
  bits = 32,
): Explanation {
  // Parsed, both have their entries in the same order.
  const [first, target] = [parseAccelerator(from, from.name), parseAccelerator(to, to.name)];
  const start = new Pricer(first, bits).totals(loads);
  const steps: Step[] = [];
  let [current, last] = [first, start];
  const move = (change: string, next: Accelerator, before: unknown, after: unknown) => {
    const price = new Pricer(next, bits).totals(loads);
    steps.push({
      ...{ change, from: text(before), to: text(after), ...price },
      energyChangeMj: price.energyMj - last.energyMj,
      energyChangePercent: percent(price.energyMj, last.energyMj),
      latencyChangeMs: price.latencyMs - last.latencyMs,
      latencyChangePercent: percent(price.latencyMs, last.latencyMs),
    });
    [current, last] = [next, price];
  };
  const change = (key: 'bandwidth' | (typeof TABLES)[number]) => {
    const [before, after] = [current[key], target[key]];
    // Of a table by bit width only the width in use can change anything.
    const used = (table: unknown) =>
      JSON.stringify(key === 'units' || key === 'formats' ? (table as Record<string, unknown>)[bits] : table);
    if (used(before) === used(after)) return;
    // A bandwidth that only the first of the two has stays: nothing reads it once stalls are ignored.
    if (after === undefined && key === 'bandwidth') return;
    const { [key]: _before, ...rest } = current;
    move(key, { ...rest, ...(after === undefined ? {} : { [key]: after }) } as Accelerator, before, after);
  };
  change('bandwidth');
  for (const name of SWITCHES) {
    const [before, after] = [current.switches[name], target.switches[name]];
    if (before === after) continue;
    move(name, { ...current, switches: { ...current.switches, [name]: after } }, before, after);
  }
  for (const table of TABLES) change(table);
  const end = new Pricer(target, bits).totals(loads);
  return { start, end, steps };
}

const percent = (now: number, before: number) => (before === 0 ? 0 : (100 * (now - before)) / before);

const text = (value: unknown) => (typeof value === 'object' ? 'table' : String(value ?? 'none'));
