/** The folder that `export --to verilog` writes: sources, and for every window layer of a program its memories. */
import { ShiftAddError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import type { IntegerProgram } from '../integer/program.ts';
import { interpretValues } from '../integer/reference/interpret.ts';
import { type Engine, engineName, enginesOf, type WindowLayer, windowLayers } from './engines.ts';
import { imageFiles, layerFiles } from './layer-files.ts';
import { readme } from './readme.ts';
import { enginesModule, simulateScript } from './script.ts';
import { verilogSources } from './sources.ts';

export interface VerilogFolder {
  /** Contents by path within the folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly layers: readonly WindowLayer[];
  readonly engines: ReadonlyMap<string, Engine>;
  readonly images: number;
}

/** Of a layer, within the folder. */
const folderOf = ({ index, operation }: WindowLayer): string =>
  `layers/${String(index).padStart(3, '0')}-${operation.name.replace(/[^\w.-]+/g, '-')}`;

/**
 * images: bytes [count, h, w, c], whose maps the benches feed and expect.
 * @throws ShiftAddError 'usage' when a layer is too large for the engine, or there is none
 */
export function verilogFolder(program: IntegerProgram, images: Uint8Array): VerilogFolder {
  const layers = windowLayers(program);
  if (layers.length === 0) {
    throw new ShiftAddError(
      'usage',
      `${program.network} has no window layer, and the engine computes no others`,
    );
  }
  const engines = enginesOf(layers);
  const size = sizeOf(program.values[0].shape);
  const count = images.length / size;
  const runs = layers.map((layer) => ({ folder: folderOf(layer), engine: engineName(layer) }));
  const texts = new Map<string, string>([
    ['README.md', readme(program, engines, runs)],
    ['bench/engines.v', enginesModule(engines)],
    ['simulate.sh', simulateScript(runs, count)],
  ]);
  for (const part of ['rtl', 'bench'] as const) {
    for (const [name, text] of verilogSources(part)) texts.set(`${part}/${name}`, text);
  }
  const put = (folder: string, files: ReadonlyMap<string, string>) => {
    for (const [name, text] of files) texts.set(`${folder}/${name}`, text);
  };
  layers.forEach((layer, i) => {
    put(runs[i].folder, layerFiles(program, layer, engines.get(runs[i].engine)!));
  });
  for (let image = 0; image < count; image++) {
    const values = interpretValues(program, images.subarray(image * size, (image + 1) * size));
    layers.forEach((layer, i) => {
      put(runs[i].folder, imageFiles(layer, values, image));
    });
  }
  const encoder = new TextEncoder();
  const files = new Map([...texts].map(([name, text]) => [name, encoder.encode(text)]));
  return { files, layers, engines, images: count };
}
