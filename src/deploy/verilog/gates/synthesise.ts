/** Gates of a module, by Yosys: its cells by kind, and their area; each module within it apart. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { internal } from '../../../core/errors.ts';
import { VERILOG_DIR, verilogSources } from '../sources.ts';
import { requireTool } from '../tools.ts';
import { CELLS, FLIP_FLOP, GATE_EQUIVALENT, genlib } from './cells.ts';

export interface GateCount {
  /** How many of each cell; modules within are not counted. */
  readonly cells: Readonly<Record<string, number>>;
  readonly um2: number;
  /** In areas of NAND2. */
  readonly equivalents: number;
}

export interface Synthesis {
  /** By name as in the sources, without parameters. */
  readonly modules: Readonly<Record<string, GateCount>>;
  /** The netlist in Verilog, of the cells in cells.ts. */
  readonly netlist: string;
}

/** Cells in the listing of `stat -json`. */
interface Statistics {
  readonly modules: Readonly<
    Record<string, { readonly num_cells_by_type: Readonly<Record<string, number>> }>
  >;
}

/** "$paramod\accumulator\BITS=..." and "\accumulator" are "accumulator". */
function sourceName(name: string): string {
  const parts = name.split('\\');
  return name.startsWith('$paramod') ? parts[1] : parts[parts.length - 1];
}

function countOf(byType: Readonly<Record<string, number>>, modules: ReadonlySet<string>): GateCount {
  const cells = Object.entries(byType).filter(([type]) => !modules.has(sourceName(type)));
  let um2 = 0;
  for (const [type, count] of cells) {
    if (!(type in CELLS)) internal(`Yosys left a cell ${type}, which is no gate`);
    um2 += CELLS[type].area * count;
  }
  return { cells: Object.fromEntries(cells), um2, equivalents: um2 / GATE_EQUIVALENT };
}

/** Only what is needed is read: ABC's choices follow the numbers of nets, which count on from file to file. */
const COMMANDS = (top: string, set: string, dir: string) => `
read_verilog ${VERILOG_DIR}rtl/accumulator.v${top === 'accumulator' ? '' : ` ${VERILOG_DIR}rtl/${top}.v`}
hierarchy -top ${top} ${set}
rename -top ${top}
synth -noabc -top ${top}
dfflegalize -cell ${FLIP_FLOP} x
abc -genlib ${join(dir, 'gates.genlib')}
opt_clean
write_verilog -noattr ${join(dir, 'netlist.v')}
tee -q -o ${join(dir, 'stat.json')} stat -json
`;

/**
 * The module `top` of native/verilog/rtl with these parameters: an element, its accumulator, or a requantisation unit.
 * @throws ShiftAddError 'missing' where Yosys is not installed
 */
export function synthesise(top: string, parameters: Readonly<Record<string, number>>): Synthesis {
  requireTool('yosys');
  const dir = fs.mkdtempSync(join(tmpdir(), 'yosys-'));
  try {
    const set = Object.entries(parameters).map(([key, value]) => `-chparam ${key} ${value}`);
    fs.writeFileSync(join(dir, 'gates.genlib'), genlib());
    fs.writeFileSync(join(dir, 'synthesise.ys'), COMMANDS(top, set.join(' '), dir));
    const done = spawnSync('yosys', ['-q', join(dir, 'synthesise.ys')], { encoding: 'utf8' });
    if (done.status !== 0) internal(`Yosys cannot synthesise ${top}: ${done.stderr.slice(-1000)}`);
    const text = fs.readFileSync(join(dir, 'stat.json'), 'utf8');
    // some versions leave a comma behind the last entry
    const json = text.slice(text.indexOf('{')).replace(/,(?=\s*})/g, '');
    const { modules } = JSON.parse(json) as Statistics;
    const sources = new Set([...verilogSources('rtl').keys()].map((file) => file.replace(/\.v$/, '')));
    return {
      modules: Object.fromEntries(
        Object.entries(modules).map(([name, { num_cells_by_type }]) => [
          sourceName(name),
          countOf(num_cells_by_type, sources),
        ]),
      ),
      netlist: fs.readFileSync(join(dir, 'netlist.v'), 'utf8'),
    };
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}
