/**
 * The four ids that are no subwords, in fairseq's order, so that its dictionaries and weights keep their places.
 * Subwords follow from 4.
 */
export const BOS = 0; // begins what the decoder reads
export const PAD = 1; // fills a batch
export const EOS = 2; // ends a sentence
export const UNK = 3; // a character that no subword holds
export const FIRST_SUBWORD = 4;

/** In `TokenBatch.output`, where nothing is asked: `labelCrossEntropy` skips negative labels. */
export const NOT_ASKED = -1;
