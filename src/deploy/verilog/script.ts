/**
 * What simulates the layers: engines.v, a bench around each engine, and simulate.sh, which builds that once in one of two
 * simulators and runs all layers through it.
 */
import { type Engine, parametersOf } from './engines.ts';

/** A layer's folder, and the engine that computes it. */
export interface Run {
  readonly folder: string;
  readonly engine: string;
}

const HEAD = `#!/bin/sh
# Runs every layer through its engine and compares each output with the reference interpreter's.
#
#   sh simulate.sh icarus        needs iverilog (Debian: apt-get install iverilog)
#   sh simulate.sh verilator     needs verilator and a C++ compiler (apt-get install verilator g++ make)
#
# The last line says whether all agree; the exit status is 1 where one does not.
set -e
cd "$(dirname "$0")"
simulator=$1
build=build/$simulator
mkdir -p "$build"

case $simulator in
icarus)
  iverilog -g2005 -s engines -o "$build/engines" rtl/*.v bench/*.v
  ;;
verilator)
  verilator --binary --timing -O3 -CFLAGS -O1 -Wno-WIDTH --top-module engines \
    --Mdir "$build" -o engines rtl/*.v bench/*.v > "$build/log" 2>&1 || {
    cat "$build/log"
    exit 1
  }
  ;;
*)
  echo "which simulator? sh simulate.sh icarus, or sh simulate.sh verilator" >&2
  exit 2
  ;;
esac

# layer FOLDER ENGINE
layer() {
  set -- "+layer=$1" "+engine=$2" "+images=IMAGES"
  case $simulator in
  icarus) vvp -n "$build/engines" "$@" ;;
  verilator) "$build/engines" "$@" ;;
  esac | grep -v '^- ' | tee -a "$build/results"
}

: > "$build/results"
`;

const TAIL = `
if grep -q -v ' 0 differ,' "$build/results"; then
  echo "$simulator: not all outputs are right"
  exit 1
fi
echo "$simulator: all outputs are right"
`;

export function simulateScript(runs: readonly Run[], images: number): string {
  const lines = runs.map(({ folder, engine }) => `layer ${folder} ${engine}\n`);
  return `${HEAD.replace('IMAGES', String(images))}${lines.join('')}${TAIL}`;
}

export function enginesModule(engines: ReadonlyMap<string, Engine>): string {
  const benches = [...engines].map(([name, engine]) => {
    const parameters = Object.entries(parametersOf(engine)).map(([key, value]) => `.${key}(${value})`);
    return `  layer_bench #(\n      .NAME("${name}"), ${parameters.join(', ')}\n  ) ${name.replaceAll('-', '_')} ();\n`;
  });
  return `// A bench around each engine that the program needs; one of them runs at a time.\nmodule engines;\n${benches.join('')}endmodule\n`;
}
