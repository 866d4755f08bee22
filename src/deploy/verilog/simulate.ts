/** Runs an exported folder in a simulator, and reads what its benches say. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { internal } from '../../core/errors.ts';
import type { VerilogFolder } from './folder.ts';
import { requireTool, type Simulator } from './tools.ts';

export interface LayerRun {
  /** Folder of the layer. */
  readonly layer: string;
  readonly image: number;
  readonly outputs: number;
  /** Outputs that are not the reference interpreter's. */
  readonly differ: number;
  readonly clocks: number;
}

const LINE = /^(\S+) image (\d+): (\d+) outputs, (\d+) differ, (\d+) clocks$/gm;

export function writeFiles(dir: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, bytes] of files) {
    const path = join(dir, name);
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.writeFileSync(path, bytes);
  }
}

/**
 * Every layer of a folder on every image, in a folder of its own that is removed again.
 * @throws ShiftAddError 'missing' where the simulator is not installed, 'internal' where it says something else
 */
export function simulate({ files, layers, images }: VerilogFolder, simulator: Simulator): LayerRun[] {
  requireTool(simulator);
  const dir = fs.mkdtempSync(join(tmpdir(), 'verilog-'));
  try {
    writeFiles(dir, files);
    const { stdout, stderr, error } = spawnSync('sh', ['simulate.sh', simulator], {
      ...{ cwd: dir, encoding: 'utf8', maxBuffer: 2 ** 28 },
    });
    if (error !== undefined) internal(`sh cannot run ${simulator} in ${dir}: ${error.message}`);
    const runs = [...stdout.matchAll(LINE)].map(([, layer, ...numbers]): LayerRun => {
      const [image, outputs, differ, clocks] = numbers.map(Number);
      return { layer, image, outputs, differ, clocks };
    });
    if (runs.length !== layers.length * images) {
      internal(
        `${simulator} ran ${runs.length} of ${layers.length * images} layers: ${`${stdout}${stderr}`.slice(-2000)}`,
      );
    }
    return runs;
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}
