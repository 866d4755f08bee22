import { nearest, ShiftAddError } from '../core/errors.ts';
import type { Workload } from '../hardware/workload.ts';
import { translationWorkloads } from '../spaces/seq2seq/workloads.ts';
import { BASELINE_NETWORKS, baselineWorkloads, findBaseline, ownPlan } from './baselines.ts';
import { planParameters } from './plan-declarations.ts';
import { IMAGE_NETWORKS, imageWorkloads } from './shiftaddnas-image.ts';
import { TRANSLATION_NETWORKS } from './transformers.ts';

/** Published networks by name: all can be priced, and the baselines are plans that train. */
export interface ZooOptions {
  /** Height and width of the image, pixels. Image networks only. */
  readonly resolution?: number;
  /** Tokens of source and target sentence. Translation networks only. */
  readonly tokens?: number;
  /** Words of both languages, whose embeddings and projection are then priced too. Translation networks only. */
  readonly vocabulary?: number;
  /** Classes of the image networks' heads. */
  readonly classes?: number;
}

export type ZooTask = 'image' | 'translation';

export function zooNames(): string[] {
  return [IMAGE_NETWORKS, BASELINE_NETWORKS, TRANSLATION_NETWORKS].flatMap((table) => Object.keys(table));
}

/** What a network of the zoo is for. Throws 'usage' for an unknown name. */
export function zooTask(name: string): ZooTask {
  if (Object.hasOwn(IMAGE_NETWORKS, name) || findBaseline(name) !== undefined) return 'image';
  if (Object.hasOwn(TRANSLATION_NETWORKS, name)) return 'translation';
  const near = nearest(name, zooNames());
  throw new ShiftAddError(
    'usage',
    `There is no network "${name}" in the zoo; ` +
      `${near === undefined ? 'list the names with `shiftaddnas zoo`' : `did you mean "${near}"?`}`,
    { network: name, nearest: near ?? null },
  );
}

/**
 * Layers of a network for one image (224 or 32 pixels unless given) or one sentence (30 tokens unless given).
 * Throws 'usage' for an unknown name, a size out of range or an option that the network does not have.
 */
export function zooWorkloads(name: string, options: ZooOptions = {}): Workload[] {
  const task = zooTask(name);
  const foreign =
    task === 'image' ? (['tokens', 'vocabulary'] as const) : (['resolution', 'classes'] as const);
  for (const option of foreign) {
    if (options[option] === undefined) continue;
    throw new ShiftAddError(
      'usage',
      `The option ${option} does not apply to "${name}", ${task === 'image' ? 'an image' : 'a translation'} network; leave it out.`,
      { network: name, option },
    );
  }
  if (task === 'translation')
    return translationWorkloads(TRANSLATION_NETWORKS[name], options.tokens, options.vocabulary);
  const baseline = findBaseline(name);
  if (baseline !== undefined) return baselineWorkloads(baseline, options.resolution, options.classes);
  return imageWorkloads(IMAGE_NETWORKS[name], options.resolution, options.classes);
}

/**
 * Weights of a network at its own size: of a translation network without embeddings and projection to the vocabulary, as
 * published tables count them (spec 9.3). Undefined for the published genotypes, whose form of retraining decides.
 */
export function zooParameters(name: string): number | undefined {
  if (zooTask(name) === 'translation') {
    return zooWorkloads(name).reduce((sum, { weights }) => sum + weights, 0);
  }
  const baseline = findBaseline(name);
  return baseline === undefined ? undefined : planParameters(ownPlan(baseline).steps);
}

export { BASELINE_NETWORKS, baselinePlan, findBaseline, type NamedBaseline } from './baselines.ts';
export { modelWorkloads, type OnnxNetwork, type OnnxOptions, onnxWorkloads } from './onnx/index.ts';
export { readOnnx } from './onnx/model.ts';
export type { Step, ZooPlan } from './plan.ts';
export { planParameters } from './plan-declarations.ts';
export { planLayers } from './plan-layers.ts';
export { planWorkloads } from './plan-workloads.ts';
export { type PublishedGenotype, publishedGenotype, publishedGenotypes } from './published-genotypes.ts';
export { IMAGE_NETWORKS, type ImageNetwork, imageWorkloads } from './shiftaddnas-image.ts';
export { type PublishedTranslation, publishedTranslation, TRANSLATION_NETWORKS } from './transformers.ts';
export { residuals, ZooNetwork } from './zoo-network.ts';
