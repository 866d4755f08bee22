/** Sinusoidal positions (Vaswani et al. 2017, section 3.5), in fairseq's layout: sines first, cosines behind them. */

/** [longest, width], row p for position p. width: even. */
export function positionTable(longest: number, width: number): Float32Array {
  const half = width / 2;
  const table = new Float32Array(longest * width);
  for (let position = 0; position < longest; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * Math.exp((-Math.log(10000) * i) / Math.max(1, half - 1));
      table[position * width + i] = Math.sin(angle);
      table[position * width + half + i] = Math.cos(angle);
    }
  }
  return table;
}
