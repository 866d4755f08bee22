/**
 * What splitting into subwords needs, as plain data: merges, vocabulary, and the form text takes before it is split.
 * It stands in a run folder beside the weights, whose rows its ids name; version and checksum keep the two together.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ShiftAddError } from '../../core/errors.ts';
import { type LanguagePair, pairName } from './pairs.ts';

/** How text becomes the words that are split. */
export interface TextForm {
  /** `moses`: tokenised here; `raw`: words are what stands between spaces. */
  readonly words: 'moses' | 'raw';
  /** Everything in lower case; decoding gives lower case too. */
  readonly lowerCase: boolean;
  /** Special characters as &apos; and the like, as codes learned on Moses' output have them. */
  readonly escaped: boolean;
}

export interface SubwordModel {
  readonly format: 'shiftaddnas subwords';
  readonly version: 1;
  readonly languages: LanguagePair;
  readonly form: TextForm;
  /** Whether the end of a word is joined to its last character or a symbol of its own. */
  readonly end: 'joined' | 'apart';
  /** `left right`, in the order they are applied. */
  readonly merges: readonly string[];
  /** Entry i has id 4 + i; one that ends in @@ goes on. */
  readonly vocabulary: readonly string[];
  /** SHA-256 of everything above. */
  readonly checksum: string;
}

const schema = z.object({
  format: z.literal('shiftaddnas subwords'),
  version: z.literal(1),
  languages: z.object({ from: z.string(), to: z.string() }),
  form: z.object({ words: z.enum(['moses', 'raw']), lowerCase: z.boolean(), escaped: z.boolean() }),
  end: z.enum(['joined', 'apart']),
  merges: z.array(z.string()),
  vocabulary: z.array(z.string()).min(1),
  checksum: z.string(),
});

export function sealModel(model: Omit<SubwordModel, 'format' | 'version' | 'checksum'>): SubwordModel {
  const { languages, form, end, merges, vocabulary } = model;
  const whole = {
    format: 'shiftaddnas subwords',
    version: 1,
    languages,
    form,
    end,
    merges,
    vocabulary,
  } as const;
  return { ...whole, checksum: fingerprint(whole) };
}

/** SHA-256 over all that decides on ids: two models with one fingerprint split every text alike. */
export function fingerprint(model: Omit<SubwordModel, 'checksum'>): string {
  const { version, languages, form, end, merges, vocabulary } = model;
  const parts = [
    version,
    languages.from,
    languages.to,
    form.words,
    form.lowerCase,
    form.escaped,
    end,
    merges,
    vocabulary,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A model out of JSON. `file` names it in errors. Throws `data` when it is none, of another version, or changed. */
export function readSubwordModel(text: string, file: string): SubwordModel {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new ShiftAddError(
      'data',
      `${file} must be the JSON of a subword model, but is no JSON; take it from the run folder again`,
      { file },
      cause,
    );
  }
  const found = schema.safeParse(parsed);
  if (!found.success) {
    const issue = found.error.issues[0];
    throw new ShiftAddError(
      'data',
      `${file} must be a subword model of version 1, but ${issue.path.join('.') || 'it'} is wrong: ${issue.message}; ` +
        'take it from the run folder again',
      { file, path: issue.path.join('.') },
    );
  }
  const model = found.data;
  const computed = fingerprint(model);
  if (computed !== model.checksum) {
    throw new ShiftAddError(
      'data',
      `${file} has the checksum ${model.checksum}, but its contents give ${computed}; it was changed by hand or ` +
        'damaged, take it from the run folder again',
      { file, expected: model.checksum, found: computed },
    );
  }
  return model;
}

/** `8104 subwords, 7900 merges, Moses-tokenised, en-de`. */
export function describeModel(model: SubwordModel): string {
  const form = [
    model.form.words === 'moses' ? 'Moses-tokenised' : 'raw words',
    ...(model.form.lowerCase ? ['lower case'] : []),
    ...(model.form.escaped ? ['escaped'] : []),
  ];
  return (
    `${model.vocabulary.length} subwords, ${model.merges.length} merges, ${form.join(', ')}, ` +
    pairName(model.languages)
  );
}
