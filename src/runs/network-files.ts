/**
 * A trained network as files: `architecture.json` says what it is and how images reach it, `weights.safetensors`
 * holds every tensor, calibrated norms included. All that evaluating, predicting or exporting needs.
 */
import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { writeFileAtomic } from '../core/atomic.ts';
import { ShiftAddError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { readSafetensors, type TensorData, writeSafetensors } from '../core/safetensors.ts';
import { withChecksum } from '../core/safetensors-checksum.ts';
import { decode } from '../spaces/genotype.ts';
import type { Task } from '../spaces/layout.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import type { LayerRecord } from '../supernet/layer-table.ts';
import { Network } from '../supernet/network.ts';
import type { Quantisation } from '../supernet/quantisation.ts';
import type { SharingConfig } from '../supernet/sharing.ts';
import type { TrainableNetwork } from '../supernet/trainable.ts';
import { baselinePlan, findBaseline, type NamedBaseline, ZooNetwork } from '../zoo/index.ts';
import { ARCHITECTURE_FILE, filesOf, readArchitecture } from './architecture-file.ts';
import { checkFormat, SCHEMA } from './architecture-format.ts';
import { checkedDescription } from './architecture-schema.ts';
import { isFolder } from './source-files.ts';

const FORMAT = 'shiftaddnas-network';
const WEIGHTS = 'weights.safetensors';

interface OfFewBits {
  /** Bits of weights and activations; real numbers when absent. */
  readonly quantisation?: Quantisation;
}

/** A genotype of a space. */
export interface SpaceArchitecture extends OfFewBits {
  readonly genotype: string;
  readonly space: Space;
}

/** A network of the zoo, by its name. */
export interface ZooArchitecture extends OfFewBits {
  readonly zoo: string;
}

export type Architecture = SpaceArchitecture | ZooArchitecture;

/** What a network was trained for and how. */
export interface TrainedFor {
  readonly task: Task;
  readonly sharing: SharingConfig;
  readonly classes: readonly string[];
  /** Per channel, of pixels scaled to [0, 1]. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** A network of a space. */
export type NetworkDescription = TrainedFor & SpaceArchitecture;

export type TrainedDescription = TrainedFor & Architecture;

export interface LoadedNetwork {
  readonly description: NetworkDescription;
  readonly genotype: Genotype;
  readonly network: Network;
}

/** Any trained network: `path` is what its forward pass takes. */
export interface OpenedNetwork {
  /** Its genotype or its name. */
  readonly key: string;
  readonly description: TrainedDescription;
  readonly network: TrainableNetwork<unknown>;
  readonly path: unknown;
}

/** Weights first: a folder whose architecture.json is there is complete. @throws ShiftAddError 'disk' */
export function saveNetwork(
  dir: string,
  description: TrainedDescription,
  tensors: ReadonlyMap<string, TensorData>,
): void {
  writeSafetensors(join(dir, WEIGHTS), tensors, withChecksum(tensors, { format: FORMAT }));
  const text = JSON.stringify({ format: FORMAT, schema: SCHEMA, ...description }, null, 2);
  writeFileAtomic(join(dir, ARCHITECTURE_FILE), `${text}\n`);
}

/** `quantisation.json`: what a program of whole numbers must know of the layers. @throws ShiftAddError 'disk' */
export function saveLayerTable(dir: string, layers: readonly LayerRecord[]): void {
  const table = {
    format: 'shiftaddnas-quantisation',
    schema: SCHEMA,
    meaning:
      'value = step * q; q = round(value / step) with halves away from zero, then lowest <= q <= highest',
    units: {
      bits: 'bits of q',
      step: 'units of the tensor: images normalised by mean and deviation of architecture.json, activations as computed',
      low: 'mean over calibration batches of the smallest value, or 0; same unit',
      high: 'mean over calibration batches of the largest value, or 0; same unit',
      exponent: 'weight = sign * 2^exponent, or 0',
    },
    layers,
  };
  writeFileAtomic(join(dir, 'quantisation.json'), `${JSON.stringify(table, null, 2)}\n`);
}

/**
 * Loads any network from its folder, or from the `winner/` of a run folder. The caller disposes of it.
 * @throws ShiftAddError 'run' when files are missing, damaged or do not fit each other
 */
export function openNetwork(backend: Backend, dir: string): OpenedNetwork {
  const description = readNetworkDescription(dir);
  const opened = createNetwork(backend, description, dir);
  withWeights(opened.network, dir);
  return opened;
}

/** The network of a description with its first weights. `dir` is named where its name of the zoo is unknown. */
export function createNetwork(backend: Backend, description: TrainedDescription, dir: string): OpenedNetwork {
  const { task, sharing, quantisation } = description;
  if (!('zoo' in description)) {
    const { genotype: path, network } = spaceNetwork(backend, description);
    return { key: description.genotype, description, network, path };
  }
  const { zoo: key } = description;
  const plan = baselinePlan(knownBaseline(key, dir), task.image, task.classes);
  const network = new ZooNetwork(backend, { plan, sharing, quantisation }, Random.fromSeed(0));
  return { key, description, network, path: null };
}

/** The baseline that the folder `dir` names. Throws 'run' when there is none of that name. */
export function knownBaseline(name: string, dir: string): NamedBaseline {
  const baseline = findBaseline(name);
  if (baseline !== undefined) return baseline;
  const sentence = `${dir} holds "${name}", which is no network of this version's zoo`;
  throw new ShiftAddError('run', sentence, { dir });
}

/** The same for a network of a space. Throws 'run' as well when it is one of the zoo. */
export function loadNetwork(backend: Backend, dir: string): LoadedNetwork {
  const description = readNetworkDescription(dir);
  if (!('zoo' in description)) {
    const loaded = spaceNetwork(backend, description);
    withWeights(loaded.network, dir);
    return loaded;
  }
  throw new ShiftAddError(
    'run',
    `${dir} holds ${description.zoo}, a network of the zoo, and one of a space is needed here; give the folder of a search`,
    { dir },
  );
}

function spaceNetwork(backend: Backend, description: NetworkDescription): LoadedNetwork {
  const { space, task, sharing, quantisation } = description;
  const genotype = decode(space, description.genotype);
  const settings = { space, task, sharing, genotype, quantisation };
  const network = new Network(backend, settings, Random.fromSeed(0));
  return { description, genotype, network };
}

/** The file of tensors that a path names: itself, or that of the network in the folder. */
export const weightsFile = (path: string): string => (isFolder(path) ? join(filesOf(path), WEIGHTS) : path);

/** Loads the weights of a folder, or disposes of the network. */
function withWeights<Path>(network: TrainableNetwork<Path>, dir: string): void {
  try {
    const { tensors } = readSafetensors(join(filesOf(dir), WEIGHTS));
    network.store.load((name) => tensors.get(name));
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** What a folder says of its network. Throws 'run' when it holds none, or is damaged. */
export function readNetworkDescription(dir: string): TrainedDescription {
  const { value, path } = readArchitecture(dir, 'network');
  checkFormat(value, path, FORMAT);
  return checkedDescription(value, path);
}
