/** Where the energy goes: one stacked bar a network, by operator family or by memory level. */
import { millijoule, percent } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { drawing, textWidth } from './plot.ts';

export interface Bar {
  readonly name: string;
  /** mJ by part. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface BarStyle {
  readonly colour: (part: string) => string;
  /** Colour of text on it. */
  readonly text: (part: string) => string;
  readonly label: (part: string) => string;
  readonly order: (a: string, b: string) => number;
}

export function bars(all: readonly Bar[], style: BarStyle, width: number): Markup {
  const totals = all.map(({ parts }) => Object.values(parts).reduce((sum, value) => sum + value, 0));
  const most = Math.max(...totals, 1e-12);
  const names = [...new Set(all.flatMap(({ parts }) => Object.keys(parts)))]
    .filter((part) => all.some(({ parts }) => (parts[part] ?? 0) > most * 1e-6))
    .sort(style.order);
  const legend = keyOf(names, style, width);
  const row = 52;
  const drawn = all.map((bar, i) => {
    const y = legend.height + i * row;
    let x = 0;
    const pieces = names.map((part) => {
      const value = bar.parts[part] ?? 0;
      const wide = (value / most) * width;
      const at = x;
      x += wide;
      if (wide < 0.3) return undefined;
      const share = percent(value / totals[i], 0);
      return markup`<g class="piece" style="--c:${style.colour(part)};--t:${style.text(part)}"><title>${bar.name}, ${style.label(part)}: ${millijoule(value)}, ${share}</title><rect x="${at}" y="${y + 20}" width="${wide}" height="22"/>${wide > textWidth(share, 12) + 8 && markup`<text x="${at + wide / 2}" y="${y + 35}" text-anchor="middle">${share}</text>`}</g>`;
    });
    return markup`<text class="row" x="0" y="${y + 14}">${bar.name}</text><text class="row number" x="${width}" y="${y + 14}" text-anchor="end">${millijoule(totals[i])}</text>${pieces}`;
  });
  const label = `Stacked bars of energy: ${all.map(({ name }, i) => `${name} ${millijoule(totals[i])}`).join(', ')}`;
  return drawing(width, legend.height + all.length * row, label, legend.drawn, drawn);
}

/** The key above the bars, wrapped. */
function keyOf(names: readonly string[], style: BarStyle, width: number): { drawn: Markup; height: number } {
  let [x, y] = [0, 12];
  const drawn = names.map((part) => {
    const label = style.label(part);
    const wide = textWidth(label, 12) + 34;
    if (x > 0 && x + wide - 14 > width) [x, y] = [0, y + 20];
    const at = x;
    x += wide;
    return markup`<rect class="swatch" style="--c:${style.colour(part)}" x="${at}" y="${y - 10}" width="12" height="12" rx="3"/><text x="${at + 18}" y="${y}">${label}</text>`;
  });
  return { drawn: markup`<g class="key">${drawn}</g>`, height: y + 16 };
}
