/** `export --to verilog`: see docs/export.md. */
import { internal } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import {
  SIMULATORS,
  type Simulator,
  simulate,
  toolMissing,
  toolVersion,
  type VerilogFolder,
  verilogFolder,
} from '../../deploy/index.ts';
import type { Option } from '../../runs/options.ts';
import { given } from '../command.ts';
import { count } from '../text.ts';
import type { ProgramExporter } from './of-program.ts';

export const VERILOG_FLAGS: Readonly<Record<string, Option>> = {
  simulator: {
    kind: 'choice',
    help: 'verilog: what runs the layers before they are written; all that is installed unless given',
    choices: [...SIMULATORS, 'none'],
  },
  simulatedImages: {
    kind: 'integer',
    help: 'verilog: images whose maps go through the layers, and into the folder',
    placeholder: 'n',
    minimum: 1,
    initial: 1,
  },
};

interface Simulation {
  readonly simulator: Simulator;
  readonly version: string;
  readonly outputs: number;
  readonly clocks: number;
}

/** All layers in one simulator. @throws ShiftAddError 'missing', and 'internal' where an output is another */
function simulated(folder: VerilogFolder, simulator: Simulator): Simulation {
  const runs = simulate(folder, simulator);
  const wrong = runs.find(({ differ }) => differ > 0);
  if (wrong !== undefined) {
    const { layer, differ, outputs } = wrong;
    internal(`${simulator} gives ${differ} of ${outputs} outputs of ${layer} otherwise than the reference`);
  }
  const sum = (of: 'outputs' | 'clocks') => runs.reduce((total, run) => total + run[of], 0);
  return { simulator, version: toolVersion(simulator) ?? '', outputs: sum('outputs'), clocks: sum('clocks') };
}

export const exportVerilog: ProgramExporter = async (inHand, context) => {
  const { program, lines, json, maxDifference } = inHand;
  const most = given<number>(context, 'simulatedImages') ?? 1;
  const images = inHand.images.subarray(0, most * sizeOf(program.values[0].shape));
  const folder = verilogFolder(program, images);
  const asked = given<Simulator | 'none'>(context, 'simulator');
  const there = SIMULATORS.filter((simulator) => toolVersion(simulator) !== undefined);
  const chosen = asked === undefined ? there : asked === 'none' ? [] : [asked];
  const simulations = chosen.map((simulator) => simulated(folder, simulator));
  const proved = simulations.map(
    ({ version, outputs, clocks }) =>
      `${version}: ${folder.layers.length} layers on ${folder.images} of the ${inHand.imagesAre}, all ${count(outputs)} outputs those of the reference interpreter, ${count(clocks)} clocks`,
  );
  const unproved =
    asked === 'none' ? 'not simulated, as asked' : `not simulated: ${SIMULATORS.map(toolMissing).join('; ')}`;
  const others = program.operations.length - folder.layers.length;
  return {
    ...{ place: 'verilog', files: folder.files, maxDifference },
    lines: [
      ...lines,
      ...(proved.length > 0 ? proved : [unproved]),
      `${folder.layers.length} window layers in ${folder.engines.size} kinds of engine (${[...folder.engines.keys()].join(', ')}); the other ${others} operations are not in Verilog`,
    ],
    json: {
      ...json,
      ...{ layers: folder.layers.length, otherOperations: others, engines: [...folder.engines.values()] },
      ...{ simulatedImages: folder.images, simulations },
    },
  };
};
