/** The tools that read Verilog. None comes with the package; where one is missing, that is said with how to get it. */
import { spawnSync } from 'node:child_process';
import { ShiftAddError } from '../../core/errors.ts';

/** What is asked for, the command that does it, and what makes it say its version. */
export const TOOLS = {
  icarus: { command: 'iverilog', version: ['-V'], package: 'iverilog', does: 'simulates' },
  verilator: { command: 'verilator', version: ['--version'], package: 'verilator', does: 'simulates' },
  yosys: { command: 'yosys', version: ['-V'], package: 'yosys', does: 'synthesises' },
} as const;

export type Tool = keyof typeof TOOLS;
export const SIMULATORS = ['icarus', 'verilator'] as const satisfies readonly Tool[];
export type Simulator = (typeof SIMULATORS)[number];

/** The first line of what the tool says of itself; undefined where it is not installed. */
export function toolVersion(tool: Tool): string | undefined {
  const { command, version } = TOOLS[tool];
  const { stdout, error } = spawnSync(command, version, { encoding: 'utf8' });
  return error === undefined
    ? stdout
        .split('\n')[0]
        .replace(/ *\(\)$/, '')
        .trim()
    : undefined;
}

export const toolMissing = (tool: Tool): string => {
  const { command, does } = TOOLS[tool];
  return `${command}, which ${does} Verilog, is not installed; Debian and Ubuntu have it: apt-get install ${TOOLS[tool].package}`;
};

/** @throws ShiftAddError 'missing' with how to get it */
export function requireTool(tool: Tool): string {
  const version = toolVersion(tool);
  if (version === undefined) throw new ShiftAddError('missing', toolMissing(tool), { tool });
  return version;
}
