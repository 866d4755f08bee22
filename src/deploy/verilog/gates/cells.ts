/**
 * The gates that Yosys may use, with the areas of the smallest cells, drive X1, of NanGate's FreePDK45 Open Cell Library
 * (45 nm): the width that its LEF gives a cell, times the height of all, 1.4 um. Source: Nangate45_stdcell.lef as OpenROAD
 * keeps it (github.com/The-OpenROAD-Project/OpenROAD, test/Nangate45). Areas alone: no Liberty file comes with the package,
 * so nothing here knows delays, and every gate counts as one step.
 */

export interface Cell {
  /** um2 */
  readonly area: number;
  /** As genlib has it: ! not, * and, + or. Absent for the flip-flop. */
  readonly computes?: string;
}

/** Yosys's name of a flip-flop that takes its input at a rising edge. */
export const FLIP_FLOP = '$_DFF_P_';

/** um2 of NAND2_X1: a gate equivalent. */
export const GATE_EQUIVALENT = 0.798;

export const CELLS: Readonly<Record<string, Cell>> = {
  INV: { area: 0.532, computes: '!A' },
  BUF: { area: 0.798, computes: 'A' },
  NAND2: { area: GATE_EQUIVALENT, computes: '!(A*B)' },
  NOR2: { area: 0.798, computes: '!(A+B)' },
  AND2: { area: 1.064, computes: 'A*B' },
  OR2: { area: 1.064, computes: 'A+B' },
  XOR2: { area: 1.596, computes: 'A*!B+!A*B' },
  XNOR2: { area: 1.596, computes: 'A*B+!A*!B' },
  MUX2: { area: 1.862, computes: 'A*!C+B*C' },
  AOI21: { area: 1.064, computes: '!(A*B+C)' },
  OAI21: { area: 1.064, computes: '!((A+B)*C)' },
  AOI22: { area: 1.33, computes: '!(A*B+C*D)' },
  OAI22: { area: 1.33, computes: '!((A+B)*(C+D))' },
  ONE: { area: 0, computes: 'CONST1' },
  ZERO: { area: 0, computes: 'CONST0' },
  [FLIP_FLOP]: { area: 4.522 },
};

const gates = () =>
  Object.entries(CELLS).flatMap(([name, { area, computes }]) =>
    computes === undefined ? [] : [{ name, area, computes }],
  );

/** For ABC, which chooses among them. */
export function genlib(): string {
  return gates()
    .map(({ name, area, computes }) => {
      const pin = computes.startsWith('CONST') ? '' : '  PIN * UNKNOWN 1 999 1 0 1 0\n';
      return `GATE ${name} ${area} Y=${computes};\n${pin}`;
    })
    .join('');
}

/** The same gates in Verilog, so that what was made of them can be simulated. */
export function cellModules(): string {
  return gates()
    .map(({ name, computes }) => {
      const inputs = [...new Set(computes.startsWith('CONST') ? [] : computes.match(/[A-D]/g))].sort();
      const value = computes.startsWith('CONST')
        ? `1'b${computes.at(-1)}`
        : computes.replaceAll('*', ' & ').replaceAll('+', ' | ').replaceAll('!', '~');
      const ports = [...inputs.map((pin) => `input ${pin}`), 'output Y'];
      return `module ${name} (${ports.join(', ')});\n  assign Y = ${value};\nendmodule\n`;
    })
    .join('');
}
