/** Tone curves as Pillow's ImageOps has them: every channel goes through a table of 256 values. */
import { like, type Picture, toByte } from './picture.ts';

type Curve = (value: number) => number;

function curve(picture: Picture, ofChannel: (channel: number) => Curve): Picture {
  const { channels, data } = picture;
  const out = new Float32Array(data.length);
  const table = new Array<number>(256);
  for (let c = 0; c < channels; c++) {
    const value = ofChannel(c);
    for (let i = 0; i < 256; i++) table[i] = value(i);
    for (let i = c; i < data.length; i += channels) out[i] = table[data[i]];
  }
  return like(picture, out);
}

const same: Curve = (value) => value;

function histogram({ channels, data }: Picture, channel: number): number[] {
  const counts = new Array<number>(256).fill(0);
  for (let i = channel; i < data.length; i += channels) counts[data[i]]++;
  return counts;
}

/** ImageOps.autocontrast: the darkest value of a channel becomes 0, the lightest 255. */
export function autoContrast(picture: Picture): Picture {
  return curve(picture, (c) => {
    const counts = histogram(picture, c);
    const low = counts.findIndex((n) => n > 0);
    const high = counts.findLastIndex((n) => n > 0);
    if (high <= low) return same;
    const scale = 255 / (high - low);
    const offset = -low * scale;
    return (value) => toByte(value * scale + offset);
  });
}

/** ImageOps.equalize: values spread so that each is about as frequent as any other. */
export function equalize(picture: Picture): Picture {
  return curve(picture, (c) => {
    const counts = histogram(picture, c);
    const present = counts.filter((n) => n > 0);
    const total = present.reduce((sum, n) => sum + n, 0);
    const step = Math.floor((total - present[present.length - 1]) / 255);
    if (present.length <= 1 || step === 0) return same;
    const below = [Math.floor(step / 2)];
    for (const n of counts) below.push(below[below.length - 1] + n);
    return (value) => toByte(Math.floor(below[value] / step));
  });
}

/** ImageOps.invert. */
export function invert(picture: Picture): Picture {
  return curve(picture, () => (value) => 255 - value);
}

/** ImageOps.posterize: keeps the highest `bits` bits, 0 to 8. */
export function posterize(picture: Picture, bits: number): Picture {
  const step = 2 ** (8 - bits);
  return curve(picture, () => (value) => value - (value % step));
}

/** ImageOps.solarize: inverts values from `threshold` on. */
export function solarize(picture: Picture, threshold: number): Picture {
  return curve(picture, () => (value) => (value < threshold ? value : 255 - value));
}

/** timm's solarize_add: adds to values below 128. */
export function solarizeAdd(picture: Picture, amount: number): Picture {
  return curve(picture, () => (value) => (value < 128 ? Math.min(255, value + amount) : value));
}
