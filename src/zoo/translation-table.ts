import {
  type EncoderLayer,
  PUBLISHED_WINDOWS,
  type SequenceBlock,
  type TranslationNetwork,
} from '../spaces/seq2seq/network.ts';

/**
 * Published translation networks, one line each, as data (spec 7.6, 9.3; their configuration files in the
 * repositories of ShiftAddNAS and HAT).
 *
 *   widths (encoder/decoder) ; encoder FFN ; decoder FFN ; heads: encoder self, decoder self, decoder cross ;
 *   arbitrary encoder-decoder attention (-1 last encoder layer, 1 last two, 2 last three) ;
 *   block types: encoder, decoder (A attention; C, D, S lightweight convolution, add, shift-add; AC two branches)
 *
 * FFN widths are in units of 1024. A single entry stands for all layers.
 */
export const TRANSLATION_LINES: Readonly<Record<string, string>> = {
  'seq2seq-ende-100': '512/512; 1 1 1 4 3 4; 4; 8 8 16 8 4 16; 8; 4; 2; AD AS A AD AS A; A',
  'seq2seq-ende-120': '512/512; 1 3 1 1 2 4; 4; 8 8 4 8 8 8; 8; 4; 2; AD AC A AC AS AC; A',
  'seq2seq-ende-150': '512/512; 2 1 3 1 1 4; 4 4; 4 16 8 16 8 4; 4 16; 4 4; 2 2; AC A AC AC A A; AC A',
  'seq2seq-ende-180': '512/512; 4 4 4 2 1 1; 4 4; 8 8 4 4 8 8; 4 16; 16 4; 2 2; A AC AS A A A; AC A',
  'seq2seq-ende-200':
    '512/512; 2 4 2 1 1 3; 4 4 4; 8 4 4 4 4 8; 4 8 16; 4 4 4; 2 2 2; A AS AC AC AC A; AC A A',
  'seq2seq-ende-250':
    '512/512; 2 2 4 4 1 4; 4 3 3; 8 4 16 16 8 4; 4 16 8; 4 16 4; 2 2 2; AC AC AD AD A A; AC A A',
  'seq2seq-ende-300':
    '512/512; 2 1 1 1 2 4; 4 3 3; 4 8 8 4 4 8; 4 16 8; 4 16 16; 2 2 -1; AC AC A AD A A; AC A A',
  'seq2seq-ende-350':
    '512/512; 3 2 4 2 4 4; 4 4 3; 16 4 4 16 4 16; 4 16 8; 4 4 4; 2 2 2; AD A AD AD A A; AC A A',
  'seq2seq-ende-400':
    '512/512; 3 4 4 3 3 4; 4 4 3; 16 16 8 8 16 16; 4 16 4; 4 4 4; 2 2 2; A AC A A AD A; AC A AD',
  // As the release simulated them: most heads are 4, one network attends to fewer encoder layers. `-config` is what
  // their configuration files say.
  'seq2seq-ende-300-jul':
    '512/768; 3 4 4 4 4 4; 4 3 4 4; 4 4 4 4 4 16; 16 4 4 4; 8 4 4 4; 2 1 1 1; AC AC AC AD AD A; A AS AD AC',
  'seq2seq-ende-350-jul':
    '512/768; 3 3 2 3 4 4; 4 4 4 4 4; 4 4 4 4 4 16; 16 4 4 4 4; 8 4 4 4 4; 2 -1 2 2 2; AD AS AD AD A A; AC AS AD A AC',
  'seq2seq-ende-manual':
    '512/768; 3 3 3 3 3 3; 2 2 3 3; 4 4 4 4 4 16; 16 4 4 4; 8 4 4 4; 2 1 2 1; AC AC AC AD AD A; A AS AD AC',
  'seq2seq-ende-300-jul-config':
    '512/768; 3 4 4 4 4 4; 4 3 4 4; 16 8 8 8 8 16; 16 4 4 8; 8 4 4 4; 2 1 2 1; AC AC AC AD AD A; A AS AD AC',
  'seq2seq-ende-350-jul-config':
    '512/768; 3 3 2 3 4 4; 4 4 4 4 4; 16 16 4 16 16 8; 16 8 4 4 16; 4 4 4 8 8; 2 -1 2 2 2; AD AS AD AD A A; AC AS AD A AC',
  'seq2seq-ende-manual-config':
    '512/768; 3 3 3 3 3 3; 2 2 3 3; 16 8 8 8 8 16; 16 4 4 8; 8 4 4 4; 2 1 2 1; AC AC AC AD AD A; A AS AD AC',
  'lightweight-conv-ende-200':
    '512/768; 3 1 1 3 1 1; 3 3 3 3 3 3; 8 8 4 8 8 8; 4 8 8 8 8 8; 4 4 8 8 8 8; 2 1 -1 2 1 -1; C; AC',
  'lightweight-conv-ende-150': '512/768; 2 3 3 2 1 1; 3 3 3; 8 4 8 4 4 4; 8 8 8; 4 8 8; 2 1 -1; C; AC',
  'lightweight-conv-ende-200-config':
    '512/512; 3 1 1 3 1 1; 3 3 3 3 3 3; 8 8 4 8 8 8; 4 8 8 8 8 8; 4 4 8 8 8 8; 2 1 -1 2 1 -1; C; AC',
  'lightweight-conv-ende-150-config': '512/512; 2 3 3 2 1 1; 3 3 3; 8 4 8 4 4 4; 8 8 8; 4 8 8; 2 1 -1; C; AC',
  'seq2seq-enfr-100': '512/512; 1 1 1 4 1 4; 3 3; 8 8 8 16 8 8; 8 8; 4 4; 2 2; A AD AS AS A D; AC A',
  'seq2seq-enfr-120':
    '512/512; 1 1 1 1 1 3; 3 3 3; 8 4 8 8 16 16; 8 16 16; 4 4 4; -1 1 2; A AS AC AS A A; AC A A',
  'seq2seq-enfr-150':
    '512/512; 2 1 1 3 1 4; 3 3 3; 16 16 8 8 8 16; 8 16 16; 4 4 4; 2 2 2; AS AS A AC S A; AC A A',
  'seq2seq-enfr-160':
    '512/512; 2 1 2 1 1 4; 3 3 3 2; 4 4 16 16 16 16; 8 16 16 4; 4 4 4 8; -1 1 2 2; AC A A AC D A; AC A A A',
  'seq2seq-enfr-170':
    '512/512; 1 2 4 1 2 4; 3 3 3 1; 8 4 4 16 4 8; 8 16 16 4; 4 4 4 8; 2 2 2 -1; A AS C AD AD A; AC A A A',
  'seq2seq-enfr-180':
    '512/512; 2 3 2 3 1 4; 3 3 3 3; 8 16 8 8 16 8; 8 16 16 4; 4 4 4 8; -1 2 2 2; AC AS AC AS A A; AC A A A',
  'seq2seq-enfr-200':
    '512/512; 2 4 2 1 4 4; 3 3 3 2; 4 16 4 16 8 16; 8 16 16 4; 4 4 4 8; 2 2 2 2; AD AD A AC AC A; AC A A A',
  'seq2seq-enfr-250':
    '512/512; 4 1 2 3 1 4; 3 3 3 2 2; 4 4 8 16 4 8; 8 16 16 16 4; 4 4 4 8 8; 2 2 2 2 2; A C AS AS A A; AC A A A A',
  'seq2seq-enfr-300':
    '512/512; 1 2 4 1 3 4; 3 3 3 3 2; 8 16 16 16 16 8; 8 8 16 16 4; 4 4 4 4 16; -1 2 2 2 2; D AC A AD A A; AC A A A A',
  'seq2seq-enfr-350':
    '512/512; 1 2 3 3 1 3; 3 3 3 3 2; 16 8 4 8 16 8; 8 16 16 16 4; 4 4 4 4 16; 2 2 2 2 2; AC AD AC AD A A; AC A A A A',
  'transformer-small-enfr': '256/256; 2 2 2 2 2 2; 2 2 2 2 2 2; 8; 8; 8; -1; A; A',
  'transformer-base-enfr': '512/512; 2 2 2 2 2 2; 2 2 2 2 2 2; 8; 8; 8; -1; A; A',
  'transformer-big-enfr': '1024/1024; 4 4 4 4 4 4; 4 4 4 4 4 4; 16; 16; 16; -1; A; A',
  'lightweight-conv-enfr': '512/512; 2 2 2 2 2 2; 2 2 2 2 2 2; 8; 8; 8; -1; C; C',
  'lightweight-add-enfr': '512/512; 2 2 2 2 2 2; 2 2 2 2 2 2; 8; 8; 8; -1; D; D',
  'lightweight-shiftadd-enfr': '512/512; 2 2 2 2 2 2; 2 2 2 2 2 2; 8; 8; 8; -1; S; S',
  'lightweight-conv-attention-enfr': '512/512; 2 2 2 2 2 2; 2 2 2 2 2 2; 8; 8; 8; -1; AC; AC',
  'transformer-small-ende': '256/256; 2 2 2 2 2 2; 2 2 2 2 2 2; 8; 8; 8; -1; A; A',
  'transformer-base-ende': '512/512; 2 2 2 2 2 2; 2 2 2 2 2 2; 8; 8; 8; -1; A; A',
  'transformer-big-ende': '1024/1024; 4 4 4 4 4 4; 4 4 4 4 4 4; 16; 16; 16; -1; A; A',
  'hat-ende-25.8': '512/512; 1 3 3 2 2 2; 3; 4 8 4 4 4 8; 8; 8; -1; A; A',
  'hat-ende-26.9': '512/512; 3 2 3 2 3 2; 1 2; 8 8 8 4 8 8; 4 4; 8 8; -1 -1; A; A',
  'hat-ende-27.6': '512/512; 3 3 3 3 3 3; 3 3; 4 8 8 4 8 8; 8 8; 8 8; -1 1; A; A',
  'hat-ende-27.8': '512/512; 3 3 3 2 3 3; 1 2 3; 8 8 8 8 8 4; 4 8 8; 4 8 8; -1 1 -1; A; A',
  'hat-ende-28.2': '512/512; 3 3 3 3 3 3; 2 2 3 3; 4 4 4 8 8 4; 4 8 8 4; 4 8 8 8; -1 -1 1 -1; A; A',
  'hat-ende-28.4': '512/512; 3 3 3 3 3 3; 2 2 3 3 2; 8 4 8 8 8 8; 8 8 8 4 8; 4 8 8 8 8; -1 1 1 1 -1; A; A',
  'hat-titanxp-ende-25.8': '512/512; 3 3 3 3 3 3; 3; 4 8 8 8 8 8; 8; 8; 1; A; A',
  'hat-titanxp-ende-27.6': '512/512; 3 3 3 3 3 3; 3 3; 4 8 8 4 8 8; 8 8; 8 8; -1 1; A; A',
  'hat-titanxp-ende-27.9': '512/512; 3 3 3 3 3 3; 3 3 3; 4 4 8 8 8 4; 8 8 8; 4 8 8; -1 1 1; A; A',
  'hat-titanxp-ende-28.1': '640/640; 3 3 3 3 3 3; 3 3 3; 4 8 8 8 4 4; 8 8 8; 4 8 8; -1 1 1; A; A',
  'hat-titanxp-ende-28.5':
    '512/512; 3 3 3 3 3 3; 2 2 3 3 3; 8 4 8 8 8 4; 8 8 8 4 8; 4 8 8 8 8; -1 1 1 1 -1; A; A',
  'hat-titanxp-enfr-39.1': '512/512; 3 3 3 3 3 3; 3; 8; 8; 8; -1; A; A',
  'hat-titanxp-enfr-40.0': '512/512; 3 3 3 3 3 3; 3 3; 8; 8 8; 8 8; -1 2; A; A',
  'hat-titanxp-enfr-40.7': '512/512; 3 3 3 3 3 3; 3 3 3; 8; 8 8 8; 4 8 8; -1 -1 1; A; A',
  'hat-titanxp-enfr-41.1': '512/512; 3 3 3 3 3 3; 3 3 3 3; 8; 8 8 8 8; 4 8 8 8; -1 2 1 -1; A; A',
  'hat-titanxp-enfr-41.7': '512/512; 3 3 3 3 3 3; 3 3 3 3 3; 8; 8 8 8 8 8; 4 8 8 8 8; -1 2 1 1 -1; A; A',
};

/** Reads one line of the table. `attention` is the width of queries, keys and values. */
export function parseTranslation(line: string, attention = 512): TranslationNetwork {
  const parts = line.split(';').map((part) => part.trim().split(/\s+/));
  const [widths, encoderFfn, decoderFfn, encoderHeads, decoderHeads, crossHeads, sources, encoder, decoder] =
    parts;
  const [encoderWidth, decoderWidth] = widths[0].split('/').map(Number);
  const at = (list: readonly string[], i: number) => (list.length === 1 ? list[0] : list[i]);
  const layer = (blocks: string[], heads: string[], ffn: string[], i: number): EncoderLayer => ({
    block: at(blocks, i) as SequenceBlock,
    heads: Number(at(heads, i)),
    feedForward: Number(at(ffn, i)) * 1024,
  });
  return {
    encoder: encoderWidth,
    decoder: decoderWidth,
    attention,
    windows: PUBLISHED_WINDOWS,
    ...{ gated: false, standardised: false },
    encoderLayers: encoderFfn.map((_, i) => layer(encoder, encoderHeads, encoderFfn, i)),
    decoderLayers: decoderFfn.map((_, i) => ({
      ...layer(decoder, decoderHeads, decoderFfn, i),
      crossHeads: Number(at(crossHeads, i)),
      sources: (Math.max(0, Number(at(sources, i))) + 1) as 1 | 2 | 3,
    })),
  };
}
