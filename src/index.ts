/**
 * The public API of `shiftaddnas`: what a program may import, re-exported from one file. Everything else is an
 * inside of the package and may change without notice.
 *
 *   price   findAccelerator, Pricer, explain         what a layer or a network costs, without weights
 *   spaces  loadSpace, countSpace, sample, decode    search spaces as data
 *   search  evolution, nsga2, randomSearch           over anything that can be drawn, mutated and priced
 *   runs    openDataset, openBackend, runPipeline    the main job of the command line (experimental)
 *
 * Parts marked `@experimental` work and are tested, but their names and shapes may still change. Errors are
 * `ShiftAddError` throughout. Units: energies in mJ, latencies in ms, areas in mm2.
 */

// ---- networks and runs (experimental) ---------------------------------------------------------------------
/** @experimental One step's operations and their gradients; what `Network.forward` computes on. */
export { Graph, type GraphOptions, type Tensor } from './autograd/graph.ts';
/** @experimental The contract of a backend. */
export type { Backend } from './backends/backend.ts';
// ---- conformance suites -----------------------------------------------------------------------------------
/** @experimental What a backend must do to be one. */
export { type ConformanceCase, conformanceCases, measure } from './backends/conformance.ts';
/** @experimental Which backends are there, and opening one. */
export { availableBackends, type BackendName, openBackend } from './backends/open.ts';
// ---- errors and randomness --------------------------------------------------------------------------------
/** The one error class: a code, the fields that were looked at, and a sentence with the remedy. */
export { type ErrorCode, type ErrorFields, ShiftAddError } from './core/errors.ts';
/** @experimental What the engine says while it runs. */
export { EventBus, type RunEvent } from './core/events.ts';
/** Counter-based, splittable randomness as a value; `state()` is plain data. */
export { Random, type RandomState } from './core/random.ts';
// ---- data and metrics -------------------------------------------------------------------------------------
export { RANDAUGMENT_OPERATIONS, randAugment } from './data/augment/randaugment.ts';
export { PLAIN_RECIPE, type Recipe } from './data/augment/recipe.ts';
export type { ImageDataset, ImageSet } from './data/dataset.ts';
/** The data sets of `--data`. */
export { IMAGE_SOURCES, type OpenOptions, openDataset } from './data/open.ts';
/** @experimental Batches of sentence pairs of nearly equal length. */
export { type TokenBatch, TokenBatches } from './data/text/batches.ts';
/** @experimental Sentence pairs as subword ids. */
export { type EncodedPairs, encodePairs } from './data/text/encode.ts';
/** @experimental Subwords that were learned elsewhere. */
export { givenSubwords } from './data/text/given.ts';
/** @experimental What splitting into subwords needs, as plain data. */
export { readSubwordModel, type SubwordModel } from './data/text/model.ts';
/** The translation sets of `--data`. */
export { openTranslation, TRANSLATION_SOURCES } from './data/text/open.ts';
export type { SentencePairs, TranslationDataset } from './data/text/pairs.ts';
/** @experimental Text to subword ids and back. */
export { Subwords } from './data/text/subwords.ts';
// ---- prices -----------------------------------------------------------------------------------------------
/** What a layer computes, without weights, and how many multiplications, additions and shifts that is. */
/** Accelerators as plain data, built in or read from a file, and their JSON schema. */
/** Prices layers and networks; each distinct layer shape once. */
/** From one accelerator to another, one named difference after another. */
/** `5mJ`, `2ms`, `1.5M` or `70%` of a reference, read as limits. */
export {
  type Accelerator,
  acceleratorJsonSchema,
  acceleratorNames,
  accumulates,
  type Explanation,
  explain,
  findAccelerator,
  type LayerPrice,
  type Limits,
  type LimitTexts,
  type NetworkPrice,
  type Operations,
  operations,
  type Price,
  Pricer,
  parseAccelerator,
  parseLimits,
  type Step,
  type Workload,
  type WorkloadKind,
} from './hardware/index.ts';
/** A convolution, adder, shift or linear layer as a workload. */
export { linearWorkload, windowWorkload } from './layers/workloads.ts';
/** BLEU and chrF as sacreBLEU 2.x computes them. */
export {
  type BleuOptions,
  type BleuScore,
  corpusBleu,
  sentenceBleu,
} from './metrics/bleu/bleu.ts';
export { type ChrfOptions, type ChrfScore, corpusChrf, sentenceChrf } from './metrics/bleu/chrf.ts';
export { hypervolume, hypervolume2d } from './metrics/hypervolume.ts';
export { kendallTau, spearmanRho } from './metrics/rank.ts';
export { type Estimate, type RankCorrelation, rankCorrelation } from './metrics/rank-interval.ts';
// ---- search spaces ----------------------------------------------------------------------------------------
export type { OperatorName } from './operators/names.ts';
/** @experimental Settings of a run and their defaults. */
export { EXPORT_FORMATS, type ExportFormat, exportRun } from './runs/export/export.ts';
/** @experimental Run folders. */
export { createRun, type OpenRun, readDescription, resumeRun } from './runs/folder.ts';
/** @experimental The integer program of a trained network, calibrated or fine-tuned (docs/integer.md). */
export type { FineTuning } from './runs/integer/fine-tuning.ts';
export {
  integerProgram,
  type ProgramOfNetwork,
  type ProgramOptions,
} from './runs/integer/integer-program.ts';
/** @experimental A trained network from the folder of a run, or into one. */
export {
  type LoadedNetwork,
  loadNetwork,
  type NetworkDescription,
  type OpenedNetwork,
  openNetwork,
  saveNetwork,
  type TrainedDescription,
} from './runs/network-files.ts';
export { DEFAULT_CONFIG, type RunConfig, runConfigSchema } from './runs/options.ts';
/** @experimental Several networks with one recipe. */
export { type ComparedNetwork, type Comparison, runComparison } from './runs/pipeline/compare-pipeline.ts';
/** @experimental Data, split and settings of a run, for what trains further on them. */
export { type JobContextOptions, openJobContext } from './runs/pipeline/job-context.ts';
/** @experimental The main job: supernet, search, retraining, result. */
export { runPipeline } from './runs/pipeline/pipeline.ts';
export type { SessionOptions } from './runs/pipeline/session.ts';
/** @experimental Settings by name. */
export { defaultPreset, PRESETS, type Preset } from './runs/presets.ts';
/** @experimental Published recipes as settings. */
export { RECIPES, type RecipeName, recipeSettings, type TrainingRecipe } from './runs/recipes.ts';
/** @experimental Writes report.html of a run folder. */
export { writeReport } from './runs/report/report.ts';
/** @experimental What result.json holds. */
export type { NetworkResult, ResultInput } from './runs/result.ts';
// ---- search -----------------------------------------------------------------------------------------------
/** Regularised (aging) evolution. */
export { type AgingConfig, aging } from './search/aging.ts';
/** Any of the algorithms set up from the same few settings, with the same budget. */
export { type PlannedSearch, planSearch, type SearchSettings } from './search/algorithms.ts';
/** @experimental What a search algorithm must keep to: one check after the other, without a test framework. */
export { type SamplerCheck, type SamplerFactory, samplerChecks } from './search/conformance.ts';
/** Runs a sampler to its end; every state on the way is plain data and can be saved. */
export { runSearch } from './search/drive.ts';
/** The published evolution, with a budget on every loop. */
export { type EvolutionConfig, evolution } from './search/evolution.ts';
/** Non-dominated sets, whole or point by point. */
export { front, insert } from './search/front.ts';
/** Successive halving over the size of the evaluation. */
export { type HalvingConfig, halving } from './search/halving.ts';
/** NSGA-II over scores and costs. */
export { type Nsga2Config, nsga2 } from './search/nsga2.ts';
export { type Objective, objectivePoint } from './search/objectives.ts';
/** A ranking model proposes, the score decides. */
export { type PredictorConfig, predictor } from './search/predictor.ts';
export {
  type Candidate,
  type Costs,
  type Limits as SearchLimits,
  type Score,
  type Scored,
  type SearchProblem,
  whollyScored,
} from './search/problem.ts';
export { type RandomSearchConfig, randomSearch } from './search/random-search.ts';
/** The contract of a search algorithm: ask and tell over plain data; `defineSampler` makes one. */
export {
  type Algorithm,
  type CommonConfig,
  defineSampler,
  type Sampler,
  type SearchState,
  waiting,
} from './search/sampler.ts';
/** A space as a search problem. */
export { spaceProblem } from './search/space-problem.ts';
export { type SearchSummary, summary } from './search/summary.ts';
/** @experimental The same for a translation space, and the published settings of its search. */
export { PUBLISHED_TRANSLATION_EVOLUTION, translationProblem } from './search/translation-problem.ts';
/** What an architecture costs. */
export type { ArchitectureCosts } from './spaces/costs.ts';
/** Exact number of architectures, as a bigint. */
export { countSpace } from './spaces/count.ts';
/** A genotype as one short word, `3-2-2:css|sa|ss`, and back. */
export { decode, encode } from './spaces/genotype.ts';
/** The layers of a genotype on images of a given size, and their workloads. */
export { networkWorkloads, planNetwork, type Task } from './spaces/layout.ts';
/** A preset by name or a space file: for images, for translation, or either. */
export { type AnySpace, loadAnySpace, loadSpace, loadTranslationSpace } from './spaces/load.ts';
/** The moves of the evolution, and the rates and the crossover of the released code. */
export {
  crossover,
  type MutationRates,
  mutate,
  PUBLISHED_RATES,
  releasedCrossover,
} from './spaces/neighbours.ts';
/** A genotype drawn uniformly, without listing the space. */
export { drawSpace } from './spaces/picture.ts';
export { spacePresetNames } from './spaces/presets.ts';
/** Energy, latency, parameters and multiply-accumulates of a genotype in microseconds. */
export { ArchitecturePricer } from './spaces/pricing.ts';
export { brokenRule, showRules } from './spaces/rules.ts';
export { SAMPLE_MODES, type SampleMode, sample } from './spaces/sample.ts';
export { parseSpace } from './spaces/schema.ts';
/** @experimental Translation spaces: counted, drawn, named, moved in, priced. */
export {
  countTranslation,
  crossTranslation,
  decodeTranslation,
  drawTranslationSpace,
  encodeTranslation,
  isTranslationSpace,
  mutateTranslation,
  networkOf,
  PUBLISHED_TRANSLATION_RATES,
  parseTranslationSpace,
  referenceGenotype,
  type SentenceTask,
  type SequenceBlock,
  sampleTranslation,
  TRANSLATION_PRESETS,
  type TranslationGenotype,
  type TranslationNetwork,
  TranslationPricer,
  type TranslationRates,
  type TranslationSpace,
  translationNeighbours,
  translationWorkloads,
} from './spaces/seq2seq/index.ts';
export type { Choice, Exclusion, Genotype, Place, Space, Stage } from './spaces/space.ts';
/** @experimental Widths, steps and ranges of a network's layers. */
export { type LayerRecord, layerTable } from './supernet/layer-table.ts';
/** @experimental Networks of a space over one store of weights: a supernet, or one network alone. */
export { Network, type NetworkConfig } from './supernet/network.ts';
/** @experimental Which layers have how many bits. */
export {
  checkExceptions,
  checkQuantisation,
  type Quantisation,
  type WidthException,
} from './supernet/quantisation.ts';
/** @experimental How operator families share one tensor. */
export { RELEASED_SUPERNETS, type ReleasedSupernet, releasedTensors } from './supernet/released-supernets.ts';
export { type AdderScale, checkSharing, DEFAULT_SHARING, type SharingConfig } from './supernet/sharing.ts';
export { version } from './version.ts';
/** Published and baseline networks as workloads. */
/** @experimental Baselines that train: the plan behind a name, and a network over it. */
export {
  baselinePlan,
  findBaseline,
  type NamedBaseline,
  planParameters,
  planWorkloads,
  ZooNetwork,
  type ZooOptions,
  type ZooPlan,
  zooNames,
  zooTask,
  zooWorkloads,
} from './zoo/index.ts';
