/**
 * A translator as two ONNX files of standard operators, as src/supernet/translator/translator.ts computes it. N sentences, S
 * and T subwords are open:
 *
 *   encoder.onnx   source int64 [N, S], lengths int64 [N]         -> encoded1, encoded2 ... [N, S, encoder width]
 *   decoder.onnx   the same, lengths, target int64 [N, T]         -> logits [N, T, vocabulary]
 *
 * `encoded2` is the output of encoder layer 2, counted from 0; those are there that a decoder layer attends to.
 */
import { type TranslationNetwork, windowOf } from '../../../spaces/seq2seq/network.ts';
import type { NormPlace } from '../../../supernet/translator/declarations.ts';
import { positionTable } from '../../../supernet/translator/positions.ts';
import { OnnxGraph } from '../../onnx/graph.ts';
import { type BorderData, encodeModel, NEWEST_OPSET, type Opset } from '../../onnx/model.ts';
import type { TranslatorWeights } from '../weights.ts';
import { attention } from './attention.ts';
import { causalMask, sourceMasks } from './masks.ts';
import { OnnxPass } from './pass.ts';
import { crossAttention, feedForward, joined, type Meeting, mixing } from './sublayers.ts';

export const SOURCE = 'source';
export const LENGTHS = 'lengths';
export const TARGET = 'target';
export const LOGITS = 'logits';

export interface TranslatorToWrite {
  readonly network: TranslationNetwork;
  readonly weights: TranslatorWeights;
  readonly vocabulary: number;
  readonly norm: NormPlace;
  /** Rows of the table of positions: longer sentences do not fit. */
  readonly longest: number;
}

export interface TranslatorOnnxOptions {
  readonly name: string;
  /** Of the program that writes. */
  readonly version: string;
  /** The newest unless given. */
  readonly opset?: Opset | undefined;
  /** Kept in both files for those who use them. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface TranslatorFiles {
  readonly encoder: Uint8Array;
  readonly decoder: Uint8Array;
}

/** Names of what the decoder reads of the encoder, the last layer last. */
export function encodedNames({ encoderLayers, decoderLayers }: TranslationNetwork): string[] {
  const most = Math.max(...decoderLayers.map(({ sources }) => sources));
  return encoderLayers.map((_, i) => `encoded${i}`).slice(-most);
}

export function writeTranslatorOnnx(
  made: TranslatorToWrite,
  options: TranslatorOnnxOptions,
): TranslatorFiles {
  return { encoder: encoderFile(made, options), decoder: decoderFile(made, options) };
}

function encoderFile(made: TranslatorToWrite, options: TranslatorOnnxOptions): Uint8Array {
  const { network } = made;
  const pass = passOf(made);
  const names = encodedNames(network);
  const masks = sourceMasks(pass, SOURCE, LENGTHS);
  const meeting: Meeting = {
    attend: (at, q, k, v, heads) => attention(pass, at, { q, k, v, heads, mask: masks.scores() }),
    // what pads is taken out first, so that no sentence depends on the length of another
    filtered: (x) => pass.part('Mul', `${x}.counting`, [x, masks.rows()]),
    left: (window) => Math.floor(window / 2),
  };
  let x = embed(pass, made, SOURCE, network.encoder);
  for (const [i, { block, heads }] of network.encoderLayers.entries()) {
    const at = `encoder.layer${i}`;
    const layer = { block, heads, window: windowOf(network, i), width: network.encoder };
    x = mixing(pass, at, x, layer, meeting);
    x = feedForward(pass, at, x);
    const name = `encoded${i}`;
    if (!names.includes(name)) continue;
    const y = made.norm === 'pre' ? pass.layerNorm('encoder.norm', x) : x;
    pass.graph.node('Identity', name, [y]);
  }
  return fileOf(pass, made, options, {
    inputs: [rows(SOURCE, 'S'), lengths],
    outputs: names.map((name) => ({ name, type: 'float', shape: ['N', 'S', network.encoder] })),
    part: 'encoder',
  });
}

function decoderFile(made: TranslatorToWrite, options: TranslatorOnnxOptions): Uint8Array {
  const { network, vocabulary } = made;
  const pass = passOf(made);
  const names = encodedNames(network);
  const sourceMask = sourceMasks(pass, names[0], LENGTHS);
  const ahead = causalMask(pass, TARGET);
  const meeting: Meeting = {
    attend: (at, q, k, v, heads) => attention(pass, at, { q, k, v, heads, mask: ahead() }),
    filtered: (x) => x,
    left: (window) => window - 1,
  };
  let x = embed(pass, made, TARGET, network.decoder);
  for (const [i, { block, heads, crossHeads, sources }] of network.decoderLayers.entries()) {
    const at = `decoder.layer${i}`;
    const layer = { block, heads, window: windowOf(network, i), width: network.decoder };
    // several encoder layers stand behind each other; which of its keys comes first is nothing to attention
    const memory = joined(pass, `${at}.cross.source`, names.slice(-sources), 1);
    const seen = joined(pass, `${at}.cross.mask`, new Array<string>(sources).fill(sourceMask.scores()), -1);
    x = mixing(pass, at, x, layer, meeting);
    x = crossAttention(pass, at, x, memory, (q, k, v) =>
      attention(pass, `${at}.cross`, { q, k, v, heads: crossHeads, mask: seen }),
    );
    x = feedForward(pass, at, x);
  }
  if (made.norm === 'pre') x = pass.layerNorm('decoder.norm', x);
  // the embedding is the projection, too
  const projection = pass.transpose('projection', embedding(pass, made, network.decoder), [1, 0]);
  pass.graph.node('MatMul', LOGITS, [x, projection]);
  return fileOf(pass, made, options, {
    inputs: [
      ...names.map((name) => ({ name, type: 'float' as const, shape: ['N', 'S', network.encoder] })),
      ...[lengths, rows(TARGET, 'T')],
    ],
    outputs: [{ name: LOGITS, type: 'float', shape: ['N', 'T', vocabulary] }],
    part: 'decoder',
  });
}

function passOf({ weights, network, norm, longest }: TranslatorToWrite): OnnxPass {
  return new OnnxPass({ graph: new OnnxGraph(), weights, network, norm, longest });
}

/** Words and their positions, [N, T, width], of ids [N, T]. */
function embed(pass: OnnxPass, made: TranslatorToWrite, ids: string, width: number): string {
  const { graph, longest } = pass;
  const words = graph.node('Gather', `${ids}.words`, [embedding(pass, made, width), ids]);
  const scaled = graph.node('Mul', `${ids}.scaled`, [words, graph.scalar(Math.sqrt(width))]);
  const table = graph.floats('positions', [longest, width], positionTable(longest, width));
  const places = pass.first(`${ids}.places`, table, pass.length(`${ids}.words`, ids));
  return graph.node('Add', `${ids}.embedded`, [scaled, places]);
}

/** The first `width` columns of the table, which both sides share. */
function embedding(pass: OnnxPass, { vocabulary }: TranslatorToWrite, width: number): string {
  return pass.constant('embedding', [vocabulary, width], (values) => {
    const whole = values.length / vocabulary;
    if (whole === width) return values;
    const cut = new Float32Array(vocabulary * width);
    for (let row = 0; row < vocabulary; row++) {
      cut.set(values.subarray(row * whole, row * whole + width), row * width);
    }
    return cut;
  });
}

const lengths: BorderData = { name: LENGTHS, type: 'integer', shape: ['N'] };
const rows = (name: string, extent: string): BorderData => ({ name, type: 'integer', shape: ['N', extent] });

interface Borders {
  readonly inputs: readonly BorderData[];
  readonly outputs: readonly BorderData[];
  readonly part: 'encoder' | 'decoder';
}

function fileOf(
  { graph }: OnnxPass,
  { longest }: TranslatorToWrite,
  { name, version, opset = NEWEST_OPSET, metadata = {} }: TranslatorOnnxOptions,
  { inputs, outputs, part }: Borders,
): Uint8Array {
  const shown = (borders: readonly BorderData[]) =>
    borders.map((border) => `${border.name} [${border.shape.join(', ')}]`).join(', ');
  return encodeModel({
    name: `${name} ${part}`,
    producer: { name: 'shiftaddnas', version },
    text: `${part} of ${name}: ${shown(inputs)} to ${shown(outputs)}; at most ${longest} subwords a sentence`,
    opset,
    ...{ nodes: graph.nodes, constants: graph.constants, inputs, outputs },
    metadata: { part, longest: String(longest), ...metadata },
  });
}
