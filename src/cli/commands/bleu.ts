/** `bleu`: how near translations are to references, as sacreBLEU measures it. */
import { require_, ShiftAddError } from '../../core/errors.ts';
import {
  type BleuOptions,
  type BleuScore,
  corpusBleu,
  SMOOTHINGS,
  type Smoothing,
  sentenceBleu,
} from '../../metrics/bleu/bleu.ts';
import { type ChrfOptions, type ChrfScore, corpusChrf, sentenceChrf } from '../../metrics/bleu/chrf.ts';
import { TOKENISERS, type TokeniserName } from '../../metrics/bleu/tokenise.ts';
import type { Option } from '../../runs/options.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { readSentences, titleOf } from '../sentences.ts';

const METRICS = ['bleu', 'chrf', 'both'] as const;

const options = {
  hyp: { kind: 'text', help: 'translations, one a line; - for standard input', placeholder: 'file' },
  ref: { kind: 'text', help: 'reference translations, one a line', placeholder: 'file', several: true },
  metric: {
    kind: 'choice',
    help: 'what to compute',
    choices: METRICS,
    placeholder: METRICS.join('|'),
    initial: 'bleu',
  },
  tokenize: {
    kind: 'choice',
    help: 'what BLEU takes for a word',
    choices: Object.keys(TOKENISERS),
    placeholder: Object.keys(TOKENISERS).join('|'),
    initial: '13a',
  },
  lowercase: { kind: 'boolean', help: 'case does not count' },
  smooth: {
    kind: 'choice',
    help: 'what BLEU takes for a precision of zero',
    choices: Object.keys(SMOOTHINGS),
    placeholder: Object.keys(SMOOTHINGS).join('|'),
    initial: 'exp',
  },
  smoothValue: {
    kind: 'number',
    help: 'what floor (0.1 unless given) and add-k (1) put in',
    placeholder: 'x',
    minimum: 0,
  },
  effectiveOrder: {
    kind: 'boolean',
    help: 'BLEU without the orders that the translations are too short for',
  },
  wordOrder: {
    kind: 'integer',
    help: 'chrF: word n-grams up to so many words as well; 2 is chrF++',
    placeholder: 'n',
    initial: 0,
    maximum: 9,
  },
  perSentence: {
    kind: 'boolean',
    help: 'a line for every sentence, with BLEU by effective order',
  },
} as const satisfies Record<string, Option>;

/** Hypotheses and references of equal length. Throws `data` where a file has more lines than another or none. */
async function readTexts(hyp: string, refs: readonly string[]): Promise<readonly [string[], string[][]]> {
  require_(
    refs.every((file) => file !== '-'),
    'usage',
    'only --hyp reads standard input; give --ref a file',
  );
  const hypotheses = await readSentences(hyp);
  require_(hypotheses.length > 0, 'data', `${titleOf(hyp)} holds no lines; there is nothing to score`, {
    file: hyp,
  });
  const references: string[][] = [];
  for (const file of refs) {
    const lines = await readSentences(file);
    require_(
      lines.length === hypotheses.length,
      'data',
      `${titleOf(hyp)} holds ${hypotheses.length} lines, but ${file} holds ${lines.length}; ` +
        'line i of every file must be a translation of the same sentence',
      { hyp, hypLines: hypotheses.length, ref: file, refLines: lines.length },
    );
    references.push(lines);
  }
  return [hypotheses, references];
}

function bleuOptions(context: CommandContext): BleuOptions {
  const smoothValue = given<number>(context, 'smoothValue');
  const smooth = given<Smoothing>(context, 'smooth') ?? 'exp';
  if (smoothValue !== undefined && SMOOTHINGS[smooth] === undefined) {
    throw new ShiftAddError('usage', `--smooth ${smooth} takes no --smooth-value; floor and add-k do`, {
      smooth,
    });
  }
  return {
    smooth,
    tokenise: given<TokeniserName>(context, 'tokenize') ?? '13a',
    lowercase: given<boolean>(context, 'lowercase') ?? false,
    effectiveOrder: given<boolean>(context, 'effectiveOrder') ?? false,
    ...(smoothValue === undefined ? {} : { smoothValue }),
  };
}

/** `BLEU = 29.03 60.0/34.7/22.4/15.1 (BP = 1.000 ratio = 1.011 hyp_len = 28290 ref_len = 27970)` */
function bleuLine(score: BleuScore): string {
  const { hypothesisLength: own, referenceLength: other } = score;
  const precisions = score.precisions.map((p) => p.toFixed(1)).join('/');
  return (
    `BLEU = ${score.score.toFixed(2)} ${precisions} (BP = ${score.brevityPenalty.toFixed(3)} ` +
    `ratio = ${(other === 0 ? 0 : own / other).toFixed(3)} hyp_len = ${own} ref_len = ${other})`
  );
}

const chrfLine = ({ name, score }: ChrfScore) => `${name} = ${score.toFixed(2)}`;

/** Plain text hardly ever has a space before its last stop; tokenised text always has. */
function looksTokenised(hypotheses: readonly string[]): string | undefined {
  const ends = hypotheses.filter((line) => line.endsWith(' .')).length;
  return ends > hypotheses.length / 2
    ? `${ends} of ${hypotheses.length} translations end in " .", as tokenised text does; only scores of plain text compare with those of others`
    : undefined;
}

export const bleu: Command = {
  name: 'bleu',
  summary: 'score translations against references by BLEU and chrF',
  options,
  examples: [
    'shiftaddnas bleu --hyp output.de --ref newstest2021.ref.A.de.gz',
    'shiftaddnas bleu --hyp output.de --ref ref.A.de --ref ref.C.de --metric both',
    'shiftaddnas bleu --hyp - --ref valid.de --tokenize none --lowercase --json < output.de',
    'shiftaddnas bleu --hyp output.de --ref test.de --metric chrf --word-order 2 --per-sentence',
  ],
  async run(context) {
    const hyp = given<string>(context, 'hyp');
    const refs = given<readonly string[]>(context, 'ref') ?? [];
    if (hyp === undefined || refs.length === 0) {
      throw new ShiftAddError(
        'usage',
        'bleu needs --hyp, the translations, and --ref, a reference, at least once',
      );
    }
    const metric = given<string>(context, 'metric') ?? options.metric.initial;
    const bleuAs = bleuOptions(context);
    const chrfAs: ChrfOptions = {
      lowercase: bleuAs.lowercase ?? false,
      wordOrder: given<number>(context, 'wordOrder') ?? 0,
    };
    const [hypotheses, references] = await readTexts(hyp, refs);
    const byBleu = metric === 'chrf' ? undefined : corpusBleu(hypotheses, references, bleuAs);
    const byChrf = metric === 'bleu' ? undefined : corpusChrf(hypotheses, references, chrfAs);

    const scores = !context.options.perSentence
      ? undefined
      : hypotheses.map((hypothesis, line) => {
          const own = references.map((reference) => reference[line]);
          return {
            ...(byBleu && { bleu: sentenceBleu(hypothesis, own, { ...bleuAs, effectiveOrder: true }).score }),
            ...(byChrf && { chrf: sentenceChrf(hypothesis, own, chrfAs).score }),
          };
        });
    scores?.forEach((score, i) => {
      const shown = Object.entries(score).map(([name, value]) => `${name} ${value.toFixed(2)}`);
      context.print(`${i + 1}: ${shown.join(', ')}`);
    });
    const note = looksTokenised(hypotheses);
    if (byBleu) context.print(`${bleuLine(byBleu)}\n  ${byBleu.signature}`);
    if (byChrf) context.print(`${chrfLine(byChrf)}\n  ${byChrf.signature}`);
    if (note) context.print(`note: ${note}`);
    return {
      metric,
      sentences: hypotheses.length,
      ...(byBleu ?? byChrf),
      ...(byBleu && byChrf ? { chrf: byChrf } : {}),
      ...(scores && { scores }),
      ...(note && { notes: [note] }),
    };
  },
};
