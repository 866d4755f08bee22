/** `translate`: sentences in, sentences out, a line for a line. */
import { ShiftAddError } from '../../core/errors.ts';
import { UNK } from '../../data/text/special.ts';
import type { Option } from '../../runs/options.ts';
import { openTranslator } from '../../runs/translation/files.ts';
import { TOGETHER } from '../../runs/translation/measure.ts';
import { translateSentences } from '../../training/score-translation.ts';
import { type Command, given } from '../command.ts';
import { EXECUTION_FLAGS, openBackendOf } from '../run-options.ts';
import { readSentences, titleOf } from '../sentences.ts';

const options: Readonly<Record<string, Option>> = {
  run: { kind: 'text', help: 'run folder, or a folder with architecture.json', placeholder: 'dir' },
  input: {
    kind: 'text',
    help: 'file with a sentence a line, .gz or not; - reads standard input',
    placeholder: 'file',
  },
  beam: {
    kind: 'integer',
    help: "translations that are followed at once; the run's own unless given",
    placeholder: 'n',
    minimum: 1,
  },
  lengthPenalty: {
    kind: 'number',
    help: "scores are divided by length to this power; the run's own unless given",
    placeholder: 'x',
    minimum: 0,
  },
  ...EXECUTION_FLAGS,
};

export const translate: Command = {
  name: 'translate',
  summary: 'translate sentences',
  positional: '[sentences...]',
  options,
  examples: [
    'shiftaddnas translate --run runs/multi30k "A man rides a bicycle."',
    'shiftaddnas translate --run runs/multi30k --input test.en > test.de',
  ],
  async run(context) {
    const dir = given<string>(context, 'run');
    if (dir === undefined)
      throw new ShiftAddError(
        'usage',
        'translate needs --run, the folder of a finished run on sentence pairs',
      );
    const file = given<string>(context, 'input');
    if ((file === undefined) === (context.positional.length === 0)) {
      throw new ShiftAddError('usage', 'translate needs sentences, or else --input with a file of them');
    }
    const sentences = file === undefined ? context.positional : await linesOf(file);
    const nameOf = (i: number) => `sentence ${i + 1}${file === undefined ? '' : ` of ${titleOf(file)}`}`;
    const backend = await openBackendOf(context);
    try {
      const { description, subwords, translator } = openTranslator(backend, dir);
      const { network, pair, longest } = description;
      const sources = sentences.map((sentence, i) => {
        const ids = subwords.encode(sentence, pair.from);
        if (ids.length < longest) return ids;
        throw new ShiftAddError(
          'data',
          `${nameOf(i)} has ${ids.length} subwords, and this translator takes at most ${longest - 1}; split it`,
          { line: i + 1, subwords: ids.length, longest },
        );
      });
      const unknown = sources.map((ids) => ids.filter((id) => id === UNK).length);
      for (const [i, count] of unknown.entries()) {
        if (count > 0 && !context.json)
          process.stderr.write(`${noteOf(nameOf(i), count, sources[i].length)}\n`);
      }
      const found = await translateSentences(translator, network, sources, {
        beam: given<number>(context, 'beam') ?? description.beam,
        penalty: given<number>(context, 'lengthPenalty') ?? description.lengthPenalty,
        together: TOGETHER,
      });
      const translations = found.map(({ ids, score }, i) => ({
        ...{ source: sentences[i], translation: subwords.decode(ids, pair.to), score },
        ...(unknown[i] > 0 ? { unknown: unknown[i] } : {}),
      }));
      for (const { translation } of translations) context.print(translation);
      translator.dispose();
      return { pair: `${pair.from}-${pair.to}`, translations };
    } finally {
      backend.dispose();
    }
  },
};

async function linesOf(file: string): Promise<string[]> {
  return (await readSentences(file)).map((line) => line.replace(/\r$/, ''));
}

/** `unknown`: characters of a sentence that no subword holds; `subwords`: they and what is known. */
function noteOf(name: string, unknown: number, subwords: number): string {
  const characters = `${unknown} character${unknown === 1 ? '' : 's'} that no subword holds`;
  const rest = unknown === subwords ? 'and nothing else; its translation is empty' : 'left untranslated';
  return `${name} has ${characters}, ${rest}`;
}
