/** An accelerator whose areas are those of the processing elements' gates, and whose rest is that of another. */
import { type Accelerator, parseAccelerator } from '../../../hardware/index.ts';
import { requireTool } from '../tools.ts';
import { measureAccumulator, measureElements, WIDTHS } from './measure.ts';

/** What `sources.areas` says; the tool comes first, for a test compares it with the one that is installed. */
const source = (yosys: string, date: string): string =>
  `${yosys}, ${date}: gates of native/verilog/rtl/pe_multiply.v, pe_shift.v, pe_add.v and accumulator.v, in whole ` +
  'numbers, with sums of 32 bits and shift weights of 5, at the areas of the X1 cells of ' +
  "NanGate's 45 nm Open Cell Library; without wires and memories, and no delay was asked for. multiply, shift and add " +
  '(distance of input and weight) are what an element has besides accumulate, the adder and register of its sum';

export interface GatesOptions {
  readonly base: Accelerator;
  readonly name: string;
  /** Of the measurement: 2026-11-28. */
  readonly date: string;
  /** Called when a width is measured. */
  readonly progress?: (bits: number) => void;
}

/** @throws ShiftAddError 'missing' where Yosys is not installed */
export function gatesAccelerator({ base, name, date, progress }: GatesOptions): Accelerator {
  const yosys = requireTool('yosys');
  const accumulate = measureAccumulator();
  const areas = Object.fromEntries(
    WIDTHS.map((bits) => {
      const own = measureElements(bits);
      progress?.(bits);
      return [String(bits), { ...own, accumulate }];
    }),
  );
  return parseAccelerator(
    {
      ...base,
      name,
      description: `${base.name} with areas measured on gates: processing elements in Verilog, synthesised by Yosys.`,
      areas,
      sources: { ...base.sources, areas: source(yosys, date) },
    },
    name,
  );
}
