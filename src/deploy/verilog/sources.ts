/** The Verilog that comes with the package, native/verilog: `rtl` is synthesised, `bench` simulates it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const VERILOG_DIR = fileURLToPath(new URL('../../../native/verilog/', import.meta.url));

/** Text of every file of a part, by name. */
export function verilogSources(part: 'rtl' | 'bench'): ReadonlyMap<string, string> {
  const dir = `${VERILOG_DIR}${part}/`;
  const names = readdirSync(dir).filter((name) => name.endsWith('.v'));
  return new Map(names.sort().map((name) => [name, readFileSync(`${dir}${name}`, 'utf8')]));
}
