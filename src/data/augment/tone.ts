/** Tone curves as Pillow's ImageOps has them: every channel goes through a table of 256 values. */
import { type Picture, toByte } from './picture.ts';

const tables = new Uint8Array(4 * 256);

/** The same curve for every channel. */
function curve(picture: Picture, ofValue: (value: number) => number): void {
  for (let value = 0; value < 256; value++) tables[value] = ofValue(value);
  for (let c = 1; c < picture.channels; c++) tables.copyWithin(256 * c, 0, 256);
  picture.lookUp(tables);
}

/** A curve for each channel, out of how often it has each value, into its 256 values of `tables` from `table` on. */
function curves(picture: Picture, ofChannel: (table: number, counts: Uint32Array) => void): void {
  const counts = picture.counts();
  for (let at = 0; at < 256 * picture.channels; at += 256) ofChannel(at, counts.subarray(at, at + 256));
  picture.lookUp(tables);
}

function same(table: number): void {
  for (let value = 0; value < 256; value++) tables[table + value] = value;
}

/** ImageOps.autocontrast: the darkest value of a channel becomes 0, the lightest 255. */
export function autoContrast(picture: Picture): void {
  curves(picture, (table, counts) => {
    let low = 0;
    let high = 255;
    while (low < 255 && counts[low] === 0) low++;
    while (high > 0 && counts[high] === 0) high--;
    if (high <= low) return same(table);
    const scale = 255 / (high - low);
    const offset = -low * scale;
    for (let value = 0; value < 256; value++) tables[table + value] = toByte(value * scale + offset);
  });
}

/** ImageOps.equalize: values spread so that each is about as frequent as any other. */
export function equalize(picture: Picture): void {
  const pixels = picture.height * picture.width;
  curves(picture, (table, counts) => {
    let present = 0;
    let last = 0;
    for (let value = 0; value < 256; value++) {
      if (counts[value] === 0) continue;
      present++;
      last = counts[value];
    }
    const step = Math.floor((pixels - last) / 255);
    if (present <= 1 || step === 0) return same(table);
    let below = step >> 1;
    for (let value = 0; value < 256; value++) {
      tables[table + value] = toByte(below / step);
      below += counts[value];
    }
  });
}

/** ImageOps.invert. */
export function invert(picture: Picture): void {
  curve(picture, (value) => 255 - value);
}

/** ImageOps.posterize: keeps the highest `bits` bits, 0 to 8. */
export function posterize(picture: Picture, bits: number): void {
  const step = 2 ** (8 - bits);
  curve(picture, (value) => value - (value % step));
}

/** ImageOps.solarize: inverts values from `threshold` on. */
export function solarize(picture: Picture, threshold: number): void {
  curve(picture, (value) => (value < threshold ? value : 255 - value));
}

/** timm's solarize_add: adds to values below 128. */
export function solarizeAdd(picture: Picture, amount: number): void {
  curve(picture, (value) => (value < 128 ? Math.min(255, value + amount) : value));
}
