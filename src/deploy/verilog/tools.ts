/** The tools that read Verilog. None comes with the package; where one is missing, that is said with how to get it. */
import { spawnSync } from 'node:child_process';
import { ShiftAddError } from '../../core/errors.ts';

/** A command, or one of several that do the same, and the package that brings it. */
interface Needed {
  readonly what: string;
  readonly commands: readonly string[];
  readonly package: string;
}

const SHELL: Needed = { what: 'sh', commands: ['sh'], package: 'dash' };
const MAKE: Needed = { what: 'make', commands: ['make'], package: 'make' };
const COMPILER: Needed = { what: 'a C++ compiler', commands: ['g++', 'clang++', 'c++'], package: 'g++' };

interface ToolRecord {
  readonly command: string;
  /** What makes it say its version. */
  readonly version: readonly string[];
  readonly package: string;
  readonly does: string;
  /** What it runs, or what runs it. */
  readonly needs: readonly Needed[];
}

/** What is asked for, the command that does it, and what that needs besides. */
export const TOOLS = {
  icarus: {
    ...{ command: 'iverilog', version: ['-V'], package: 'iverilog', does: 'simulates', needs: [SHELL] },
  },
  verilator: {
    ...{ command: 'verilator', version: ['--version'], package: 'verilator', does: 'simulates' },
    needs: [SHELL, MAKE, COMPILER],
  },
  yosys: { command: 'yosys', version: ['-V'], package: 'yosys', does: 'synthesises', needs: [] },
} as const satisfies Readonly<Record<string, ToolRecord>>;

export type Tool = keyof typeof TOOLS;
export const SIMULATORS = ['icarus', 'verilator'] as const satisfies readonly Tool[];
export type Simulator = (typeof SIMULATORS)[number];

/** The first line of what the tool says of itself; undefined where it, or what it needs, is not installed. */
export function toolVersion(tool: Tool): string | undefined {
  return lacksOf(tool).length > 0 ? undefined : saidVersion(tool);
}

function saidVersion(tool: Tool): string | undefined {
  const { command, version } = TOOLS[tool];
  const { stdout, error } = spawnSync(command, version, { encoding: 'utf8' });
  return error === undefined
    ? stdout
        .split('\n')[0]
        .replace(/ *\(\)$/, '')
        .trim()
    : undefined;
}

function lacksOf(tool: Tool): readonly Needed[] {
  return TOOLS[tool].needs.filter(({ commands }) => !commands.some(canStart));
}

const canStart = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;

/** A sentence for a tool that has no version. */
export const toolMissing = (tool: Tool): string => {
  const { command, does } = TOOLS[tool];
  const lacks = lacksOf(tool);
  const alone = lacks.length === 0 || saidVersion(tool) === undefined;
  const what = alone
    ? `${command}, which ${does} Verilog, is not installed`
    : `${command}, which ${does} Verilog, needs ${lacks.map(({ what }) => what).join(' and ')}, not found on the PATH`;
  const packages = alone ? [TOOLS[tool].package] : lacks.map((one) => one.package);
  return `${what}; Debian and Ubuntu have it: apt-get install ${packages.join(' ')}`;
};

/** @throws ShiftAddError 'missing' with how to get it */
export function requireTool(tool: Tool): string {
  const version = toolVersion(tool);
  if (version === undefined) throw new ShiftAddError('missing', toolMissing(tool), { tool });
  return version;
}
