/** `calibrate --gates`: areas of the processing elements in Verilog, counted in gates. */
import { writeFileAtomic } from '../../core/atomic.ts';
import { gatesAccelerator, toolVersion } from '../../deploy/index.ts';
import { type Accelerator, findAccelerator } from '../../hardware/index.ts';
import type { CommandContext } from '../command.ts';
import { table } from '../text.ts';
import { setting } from './options.ts';

const um2 = (value: number | undefined) => (value === undefined ? '' : String(value));

/** um2 at each width, beside those of the base. */
function comparison(measured: Accelerator, base: Accelerator): string {
  const rows = Object.entries(measured.areas ?? {}).map(([bits, own]) => {
    const { multiply, shift, add, accumulate = 0 } = own;
    const cited = base.areas?.[bits];
    return [
      bits,
      ...[multiply, shift, add, accumulate].map(um2),
      ...[multiply + accumulate, shift + accumulate, add + accumulate].map(um2),
      ...[cited?.multiply, cited?.shift, cited?.add].map(um2),
    ];
  });
  const head = ['multiply', 'shift', 'add'];
  return table(
    ['bits', ...head, 'accumulate', 'conv PE', 'shift PE', 'add PE', ...head.map((name) => `base: ${name}`)],
    rows,
  );
}

/** Writes an accelerator file. @throws ShiftAddError 'missing' where Yosys is not installed */
export function gatesHere(context: CommandContext): object {
  const base = findAccelerator(setting<string>(context, 'base'));
  const [name, out] = [setting<string>(context, 'name'), setting<string>(context, 'out')];
  const date = new Date().toISOString().slice(0, 10);
  const accelerator = gatesAccelerator({ base, name, date });
  writeFileAtomic(out, `${JSON.stringify(accelerator, null, 2)}\n`);
  context.print(`areas in um2 by ${toolVersion('yosys')}, sums of 32 bits\n`);
  context.print(comparison(accelerator, base));
  context.print(`\nwrote ${out}; everything but the areas is that of ${base.name}`);
  return { accelerator: out, name, areas: accelerator.areas, source: accelerator.sources.areas };
}
