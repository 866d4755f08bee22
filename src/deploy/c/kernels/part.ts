/**
 * A piece of the C program that all layers share: a type or a function. A program holds those that its layers need and
 * no others, for a function that nobody calls is a warning, and room.
 */

/** What a program is made of, as far as its functions depend on it. */
export interface Features {
  /** Widths of the values that are read, and written, by one of the functions. */
  readonly reads: ReadonlySet<8 | 16>;
  readonly writes: ReadonlySet<8 | 16>;
  /** Of the numbers that a window sees, copied. */
  readonly patchBits: 8 | 16;
  readonly arithmetics: ReadonlySet<'conv' | 'shift' | 'add'>;
  readonly forms: ReadonlySet<'terms' | 'multiply'>;
  /** Whether sizes fit 16 bits. */
  readonly small: boolean;
  /** Whether adders shift their weights. */
  readonly weightShift: boolean;
}

export interface Part {
  readonly name: string;
  /** Names of the parts it stands on. */
  readonly needs: (features: Features) => readonly string[];
  readonly text: (features: Features) => string;
  /** Functions that are never inlined, so that they can be found in the compiled program. */
  readonly kernel?: true;
  /** Whether it computes products. The instructions of all others are looked at for multiplications. */
  readonly multiplies?: true;
}

/** A part that does not depend on the program. */
export const fixed = (name: string, needs: readonly string[], text: string): Part => ({
  name,
  needs: () => needs,
  text: () => text,
});

export const fixedKernel = (
  name: string,
  needs: readonly string[],
  text: string,
  more: Pick<Part, 'multiplies'> = {},
): Part => ({ ...fixed(name, ['KERNEL', ...needs], text), kernel: true, ...more });
