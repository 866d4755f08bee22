/** Where the scales of adders ended (src/supernet/adder-scales.ts), as results are printed. */
import type { ScaleRange } from '../supernet/adder-scales.ts';
import type { CommandContext } from './command.ts';

/** `3.10 to 6.25` */
export const showScale = ({ low, high }: ScaleRange): string => `${low.toFixed(2)} to ${high.toFixed(2)}`;

/** One line for all networks that have adders with a scale; nothing where none has. */
export function printScales(
  context: CommandContext,
  networks: readonly { readonly name: string; readonly adderScale?: ScaleRange | undefined }[],
): void {
  const scales = networks.flatMap(({ name, adderScale }) =>
    adderScale === undefined ? [] : [`${name} ${showScale(adderScale)}`],
  );
  if (scales.length > 0) context.print(`scales that adders ended with: ${scales.join(', ')}`);
}
