/**
 * A trained network as files: `architecture.json` says what it is and how images reach it, `weights.safetensors`
 * holds every tensor, calibrated norms included. All that evaluating, predicting or exporting needs.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { writeFileAtomic } from '../core/atomic.ts';
import { ShiftAddError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { readSafetensors, type TensorData, writeSafetensors } from '../core/safetensors.ts';
import { decode } from '../spaces/genotype.ts';
import type { Task } from '../spaces/layout.ts';
import { parseSpace } from '../spaces/schema.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { Network } from '../supernet/network.ts';
import type { SharingConfig } from '../supernet/sharing.ts';

const FORMAT = 'shiftaddnas-network';
const SCHEMA = 1;

export interface NetworkDescription {
  readonly genotype: string;
  readonly space: Space;
  readonly task: Task;
  readonly sharing: SharingConfig;
  readonly classes: readonly string[];
  /** Per channel, of pixels scaled to [0, 1]. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface LoadedNetwork {
  readonly description: NetworkDescription;
  readonly genotype: Genotype;
  readonly network: Network;
}

/** Weights first: a folder whose architecture.json is there is complete. @throws ShiftAddError 'disk' */
export function saveNetwork(
  dir: string,
  description: NetworkDescription,
  tensors: ReadonlyMap<string, TensorData>,
): void {
  writeSafetensors(join(dir, 'weights.safetensors'), tensors, { format: FORMAT });
  const text = JSON.stringify({ format: FORMAT, schema: SCHEMA, ...description }, null, 2);
  writeFileAtomic(join(dir, 'architecture.json'), `${text}\n`);
}

/**
 * Loads a network from its folder, or from the `winner/` of a run folder. The caller disposes of it.
 * @throws ShiftAddError 'run' when files are missing, damaged or do not fit each other
 */
export function loadNetwork(backend: Backend, dir: string): LoadedNetwork {
  const folder = fs.existsSync(join(dir, 'architecture.json')) ? dir : join(dir, 'winner');
  const description = readArchitecture(join(folder, 'architecture.json'), dir);
  const { space, task, sharing } = description;
  const genotype = decode(space, description.genotype);
  const { tensors } = readSafetensors(join(folder, 'weights.safetensors'));
  const network = new Network(backend, { space, task, sharing, genotype }, Random.fromSeed(0));
  try {
    network.store.load((name) => tensors.get(name));
  } catch (error) {
    network.dispose();
    throw error;
  }
  return { description, genotype, network };
}

function readArchitecture(path: string, dir: string): NetworkDescription {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch (cause) {
    const why = fs.existsSync(path)
      ? `${path} is damaged`
      : fs.existsSync(join(dir, 'config.json'))
        ? 'its run has not finished; go on with it by --resume'
        : 'it holds no architecture.json';
    throw new ShiftAddError('run', `${dir} holds no trained network: ${why}`, { dir }, cause);
  }
  if (value.format !== FORMAT || value.schema !== SCHEMA) {
    throw new ShiftAddError('run', `${path} is not a network of this version of the program`, { path });
  }
  return { ...(value as unknown as NetworkDescription), space: parseSpace(value.space, path) };
}
