/** `export --to onnx` of a translator: two files, and the subwords that make ids of sentences. */
import { BOS, EOS, PAD, UNK } from '../../data/text/special.ts';
import {
  NEWEST_OPSET,
  type Opset,
  proveTranslatorOnnx,
  translatorWeights,
  writeTranslatorOnnx,
} from '../../deploy/index.ts';
import { SUBWORDS, subwordsText } from '../../runs/translation/subwords-file.ts';
import { version } from '../../version.ts';
import { given } from '../command.ts';
import type { Artefact, TranslatorExporting } from './artefact.ts';

export async function exportTranslatorOnnx({
  opened,
  backend,
  context,
}: TranslatorExporting): Promise<Artefact> {
  const { description, subwords, translator } = opened;
  const { genotype, network, vocabulary, norm, longest, pair } = description;
  const weights = await translatorWeights(translator, network);
  const files = writeTranslatorOnnx(
    { network, weights, vocabulary, norm, longest },
    {
      name: genotype,
      version,
      opset: Number(given<string>(context, 'opset') ?? NEWEST_OPSET) as Opset,
      metadata: {
        pair: JSON.stringify(pair),
        ids: JSON.stringify({ begin: BOS, pad: PAD, end: EOS, unknown: UNK }),
      },
    },
  );
  const proof = await proveTranslatorOnnx(files, { translator, network, threads: backend.threads });
  const { pairs, maxDifference, alone, largest, note } = proof;
  const compared = `${pairs} sentence pairs through onnxruntime: logits differ by at most ${maxDifference?.toExponential(2)} in padded batches, by ${alone?.toExponential(2)} with each pair alone (the largest is ${largest?.toFixed(2)})`;
  return {
    ...{ place: 'onnx', maxDifference },
    files: new Map([
      [SUBWORDS, Buffer.from(subwordsText(subwords))],
      ['encoder.onnx', files.encoder],
      ['decoder.onnx', files.decoder],
    ]),
    lines: [
      note ?? compared,
      `sentences of at most ${longest} subwords fit, the end (in a target the beginning) counted`,
    ],
    json: { pairs, alone, largest, longest, ...(note === undefined ? {} : { note }) },
  };
}
