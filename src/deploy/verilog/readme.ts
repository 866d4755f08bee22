/** README.md of an exported folder: what lies where, how to run it, which layers are there and which operations are not. */
import type { IntegerProgram } from '../integer/program.ts';
import type { Engine } from './engines.ts';
import type { Run } from './script.ts';

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

export function readme(
  { network, operations }: IntegerProgram,
  engines: ReadonlyMap<string, Engine>,
  runs: readonly Run[],
): string {
  const others = new Map<string, number>();
  for (const { kind } of operations) {
    if (kind !== 'window') others.set(kind, (others.get(kind) ?? 0) + 1);
  }
  const rows = [...engines.values()].map(
    ({ name, arithmetic, requantise, activationBits, weightBits, rows }) =>
      `| ${name} | ${arithmetic} | ${activationBits} | ${weightBits} | ${rows} | ${requantise} | ${runs.filter((run) => run.engine === name).length} |`,
  );
  const rest = [...others].map(([kind, n]) => `${n} ${kind}`).join(', ');
  return `# ${network} in Verilog

| path | holds |
| --- | --- |
| \`rtl\` | processing elements, requantisation, the row-stationary layer engine |
| \`bench\` | test benches |
| \`layers\` | for every window layer: \`layer.hex\` (sizes), \`weights.hex\`, \`scales.hex\`; for image n \`map-n.hex\` and \`expected-n.hex\` |
| \`simulate.sh\` | \`sh simulate.sh icarus\` or \`sh simulate.sh verilator\` runs all layers and compares every output |

| engine | arithmetic | bits of activations | of weights | elements | requantisation | layers |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

${count(runs.length, 'window layer')} of ${operations.length} operations. The engine computes windows only${rest === '' ? '' : `; without it remain ${rest}`}.
`;
}
