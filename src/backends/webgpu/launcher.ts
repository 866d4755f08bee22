/** What a kernel needs of the backend: launching programs, and memory for the time of a few launches. */
import type { Buffer } from '../backend.ts';
import type { MatrixUnit } from './matrix-unit.ts';
import type { Part, PartsProgram } from './parts.ts';
import type { Program } from './program.ts';

export interface Launcher {
  /** Whether operands of products are kept in half precision (kernels/tile-code.ts). */
  readonly half: boolean;
  /** Lanes of a workgroup that at least hand values to each other (kernels/lanes.ts); 1 where they cannot. */
  readonly subgroup: number;
  /** What multiplies operands in half precision (kernels/unit-code.ts); null where plain code does. */
  readonly unit: MatrixUnit | null;
  /**
   * Runs a program in x * y * z workgroups, after everything launched before; of none there is nothing to do. Buffers
   * and numbers stand in the program's order.
   */
  launch(
    program: Program,
    buffers: readonly Buffer[],
    params: readonly number[],
    x: number,
    y?: number,
    z?: number,
  ): void;
  /** The same for a program that begins with a table, of these words; its numbers begin with the place of it. */
  launchTable(
    program: Program,
    words: Uint32Array,
    buffers: readonly Buffer[],
    params: readonly number[],
    x: number,
    y?: number,
  ): void;
  /** Runs a program over many tensors, in as few launches as can be (parts.ts). */
  launchParts(program: PartsProgram, parts: readonly Part[]): void;
  /** A buffer of so many elements of four bytes, for what `work` launches. */
  scratch(length: number, work: (buffer: Buffer) => void): void;
  /** Where a launch notes the first of its indices that is not below `limit` (index-checks.ts). */
  indexed(kernel: string, limit: number): { readonly status: Buffer; readonly place: number };
}
