/** The network that a person means by a word: of the zoo, of the run's space, or of a folder with a trained network. */
import fs from 'node:fs';
import { basename, dirname } from 'node:path';
import { nearest, ShiftAddError } from '../../core/errors.ts';
import { decode, validate } from '../../spaces/genotype.ts';
import type { Genotype, Space } from '../../spaces/space.ts';
import {
  BASELINE_NETWORKS,
  findBaseline,
  publishedGenotype,
  publishedGenotypes,
  zooNames,
} from '../../zoo/index.ts';
import { readNetworkDescription, type TrainedDescription } from '../network-files.ts';
import { baselines } from './baselines.ts';
import type { RunContext } from './context.ts';
import { spaceSubject } from './space-subject.ts';
import type { Subject } from './subject.ts';
import { zooSubject } from './zoo-subject.ts';

/**
 * `resnet-20`, `bossnet-t0`, `all-conv`, a genotype, or a folder (or the architecture.json in it) whose network is trained anew.
 * Throws 'usage' for anything else, and for a folder without a trained network.
 */
export function namedNetwork(context: RunContext, word: string): Subject {
  const { space } = context;
  const taught = context.config.distill !== 'none';
  const published = publishedGenotype(word, { taught, width: context.config.retrainWidth });
  if (published !== undefined) return spaceSubject(context, published.genotype, published.space);
  const baseline = findBaseline(word);
  if (baseline !== undefined) return zooSubject(context, baseline);
  const fixed = baselines(space).find(({ name }) => name === word);
  if (fixed !== undefined) {
    validate(space, fixed.genotype);
    return spaceSubject(context, fixed.genotype);
  }
  if (fs.existsSync(word)) return savedNetwork(context, word);
  if (word.includes(':')) return spaceSubject(context, decode(space, word));
  return unknownNetwork(space, word);
}

/**
 * The spaces that networks named so belong to whatever a run's space is: those of the published networks among them.
 * None where the run's space means something, because one of the names is to be found in it.
 */
export function ownSpaces(words: readonly string[]): string[] {
  const published = words.map((word) => publishedGenotype(word, { taught: false, width: 1 }));
  const named = words.every((word, i) => published[i] !== undefined || findBaseline(word) !== undefined);
  return named ? [...new Set(published.flatMap((one) => (one === undefined ? [] : [one.space.name])))] : [];
}

/** The architecture of a trained network, at the size and with the classes of this run's data. */
function savedNetwork(context: RunContext, path: string): Subject {
  const description = describedIn(basename(path) === 'architecture.json' ? dirname(path) : path);
  if ('zoo' in description) return namedNetwork(context, description.zoo);
  const { space, genotype } = description;
  const decoded: Genotype = decode(space, genotype);
  return spaceSubject(context, decoded, space);
}

/** A folder that holds no network is a matter of this run's settings. */
function describedIn(dir: string): TrainedDescription {
  try {
    return readNetworkDescription(dir);
  } catch (error) {
    if (!(error instanceof ShiftAddError) || error.code !== 'run') throw error;
    const sentence = `a folder stands for the trained network in it, but ${error.message}; give the folder of one`;
    throw new ShiftAddError('usage', sentence, { network: dir }, error);
  }
}

function unknownNetwork(space: Space, word: string): never {
  const fixed = baselines(space).map(({ name }) => name);
  if (zooNames().includes(word)) {
    throw new ShiftAddError(
      'usage',
      `"${word}" can be priced but not trained by its name; take a baseline such as resnet-20 (see zoo), or a genotype of space ${space.name}`,
      { network: word },
    );
  }
  const near = nearest(word, [...fixed, ...Object.keys(BASELINE_NETWORKS), ...publishedGenotypes()]);
  throw new ShiftAddError(
    'usage',
    `a network is a name of the zoo, ${fixed.join(', ')}, a genotype of space ${space.name}, or a folder with a trained network, but got "${word}"${near ? `; did you mean ${near}?` : ''}`,
    { network: word },
  );
}
