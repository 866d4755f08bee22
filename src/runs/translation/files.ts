/**
 * A trained translator as files: `architecture.json` says what it is and how it decodes, `subwords.json` how sentences
 * become subwords, `weights.safetensors` holds its tensors. All that translating needs.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../../backends/backend.ts';
import { writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { readSafetensors, type TensorData, writeSafetensors } from '../../core/safetensors.ts';
import { withChecksum } from '../../core/safetensors-checksum.ts';
import type { LanguagePair } from '../../data/text/pairs.ts';
import type { Subwords } from '../../data/text/subwords.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import type { NormPlace } from '../../supernet/translator/declarations.ts';
import { extentOf } from '../../supernet/translator/extent.ts';
import { Translator } from '../../supernet/translator/translator.ts';
import { ARCHITECTURE_FILE, filesOf, readArchitecture } from '../architecture-file.ts';
import { checkFormat, SCHEMA } from '../architecture-format.ts';
import { openSubwords, SUBWORDS, subwordsText } from './subwords-file.ts';

const FORMAT = 'shiftaddnas-translator';
const WEIGHTS = 'weights.safetensors';

export interface TranslatorDescription {
  /** What results call it: a word of its space, or a name of the zoo. */
  readonly genotype: string;
  readonly network: TranslationNetwork;
  readonly pair: LanguagePair;
  readonly vocabulary: number;
  /** SHA-256 of the subword model whose ids the weights know; absent in what earlier versions wrote. */
  readonly subwords?: string;
  readonly norm: NormPlace;
  readonly longest: number;
  readonly sharing: SharingConfig;
  readonly beam: number;
  readonly lengthPenalty: number;
}

export interface OpenedTranslator {
  readonly description: TranslatorDescription;
  readonly subwords: Subwords;
  readonly translator: Translator;
}

/** Weights first: a folder whose architecture.json is there is complete. @throws ShiftAddError 'disk' */
export function saveTranslator(
  dir: string,
  description: Omit<TranslatorDescription, 'subwords'>,
  subwords: Subwords,
  tensors: ReadonlyMap<string, TensorData>,
): void {
  fs.mkdirSync(dir, { recursive: true });
  const { checksum } = subwords.model;
  const metadata = withChecksum(tensors, { format: FORMAT, subwords: checksum });
  writeSafetensors(join(dir, WEIGHTS), tensors, metadata);
  writeFileAtomic(join(dir, SUBWORDS), subwordsText(subwords));
  const text = JSON.stringify(
    { format: FORMAT, schema: SCHEMA, ...description, subwords: checksum },
    null,
    2,
  );
  writeFileAtomic(join(dir, ARCHITECTURE_FILE), `${text}\n`);
}

/** Whether a folder, or the `winner/` of a run folder, holds a translator. */
export function holdsTranslator(dir: string): boolean {
  try {
    return JSON.parse(fs.readFileSync(join(filesOf(dir), ARCHITECTURE_FILE), 'utf8')).format === FORMAT;
  } catch {
    return false;
  }
}

/**
 * Loads a translator from its folder, or from the `winner/` of a run folder. The caller disposes of it.
 * @throws ShiftAddError 'run' when files are missing, damaged or do not fit each other
 */
export function openTranslator(backend: Backend, dir: string): OpenedTranslator {
  const folder = filesOf(dir);
  const description = readDescription(dir);
  const subwords = openSubwords(join(folder, SUBWORDS));
  const { vocabulary, network, norm, longest, sharing } = description;
  if (subwords.size !== vocabulary) {
    throw new ShiftAddError(
      'run',
      `the weights in ${folder} are for ${vocabulary} subwords, but its ${SUBWORDS} has ${subwords.size}; take both from one run`,
      { dir, vocabulary, found: subwords.size },
    );
  }
  checkSubwords(subwords, description.subwords, join(folder, ARCHITECTURE_FILE));
  const config = { extent: extentOf(network), vocabulary, norm, longest, sharing };
  const translator = new Translator(backend, config, Random.fromSeed(0));
  try {
    const weights = join(folder, WEIGHTS);
    const { tensors, metadata } = readSafetensors(weights);
    checkSubwords(subwords, metadata.subwords, weights);
    translator.store.load((name) => tensors.get(name));
  } catch (error) {
    translator.dispose();
    throw error;
  }
  return { description, subwords, translator };
}

/** Ids of another model of the same size would name other rows, and translations would be word salad. */
function checkSubwords({ model }: Subwords, expected: string | undefined, file: string): void {
  if (expected === undefined || expected === model.checksum) return;
  throw new ShiftAddError(
    'run',
    `${file} is for the subwords ${expected.slice(0, 12)}, but the ${SUBWORDS} beside it holds ${model.checksum.slice(0, 12)}; take both from one run`,
    { file, expected, found: model.checksum },
  );
}

/** What a folder, or the `winner/` of a run folder, says of its translator. Throws 'run' when it holds none. */
export function readDescription(dir: string): TranslatorDescription {
  const { value, path } = readArchitecture(dir, 'translator');
  checkFormat(value, path, FORMAT);
  return value as unknown as TranslatorDescription;
}
