/** A small sign for each operator, so that no one has to tell colours apart. */
import { type Markup, markup } from './markup.ts';

/** Centred on (x, y), about `size` px wide, drawn in the current colour. */
export function glyph(operator: string, x: number, y: number, size: number): Markup {
  const r = size / 2;
  switch (operator) {
    case 'conv': // a multiplication sign
      return markup`<path class="glyph" d="M${x - r * 0.75} ${y - r * 0.75}L${x + r * 0.75} ${y + r * 0.75}M${x - r * 0.75} ${y + r * 0.75}L${x + r * 0.75} ${y - r * 0.75}"/>`;
    case 'add': // a plus sign
      return markup`<path class="glyph" d="M${x - r} ${y}L${x + r} ${y}M${x} ${y - r}L${x} ${y + r}"/>`;
    case 'shift-add':
    case 'shift': // the shift operator of programming languages
      return markup`<path class="glyph" d="M${x - 1} ${y - r * 0.8}L${x - r} ${y}L${x - 1} ${y + r * 0.8}M${x + r} ${y - r * 0.8}L${x + 1} ${y}L${x + r} ${y + r * 0.8}"/>`;
    case 'attention': // one position that looks at all others
      return markup`<g class="glyph"><circle cx="${x}" cy="${y}" r="${r}"/><circle class="solid" cx="${x}" cy="${y}" r="${r * 0.32}"/></g>`;
    default:
      return markup`<path class="glyph" d="M${x - r * 0.8} ${y}L${x + r * 0.8} ${y}"/>`;
  }
}
