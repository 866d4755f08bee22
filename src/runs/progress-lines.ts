/**
 * How far a phase is, as lines that fit a terminal. One line where everything fits; else what is seen at a glance
 * first, and what is known below it, broken between facts:
 *
 *   [2/8] searching  ━━━━━━━━━━────────   54 %  3:12 left
 *         generation 3/5, 36 scored, 73.8 % feasible, front 12, hypervolume 0.433
 *         best loss 1.393, 52.8 %, 0.190 mJ
 */
export interface Standing {
  /** `[2/8] `, may be empty. */
  readonly label: string;
  readonly title: string;
  /** From 0 to 1. */
  readonly fraction: number;
  /** `front 12`; none of them is empty. */
  readonly facts: readonly string[];
  /** `3:12 left`; empty while nothing can be said. */
  readonly left: string;
}

const BAR = 20;
/** Still one line with it, rather than two. */
const SHORTER_BAR = 10;
/** A shorter bar shows nothing that the number beside it does not. */
const SHORTEST_BAR = 4;
/** Of a title that is clipped, so that a narrow terminal still tells which phase it is. */
const SHORTEST_TITLE = 8;

/** All of it on one line of at most `room` characters; undefined where it does not fit. */
export function oneLine({ label, title, fraction, facts, left }: Standing, room: number): string | undefined {
  const behind = spaced(padded(fraction), facts.join(', '), left);
  const forBar = room - label.length - title.length - behind.length - 4;
  if (forBar < SHORTER_BAR) return undefined;
  return spaced(`${label}${title}`, bar(fraction, Math.min(BAR, forBar)), behind);
}

/** The same in lines of at most `room` characters; time left stands in the first. */
export function severalLines(standing: Standing, room: number): string[] {
  const { label, facts } = standing;
  const indent = ' '.repeat(Math.min(label.length, Math.max(0, room - 32)));
  return [firstLine(standing, room), ...wrapped(facts, room - indent.length).map((line) => indent + line)];
}

/** Facts with commas between them, in lines of at most `room` characters; a longer fact is clipped. */
export function wrapped(facts: readonly string[], room: number): string[] {
  const lines: string[] = [];
  for (const [i, fact] of facts.entries()) {
    const text = `${fact}${i < facts.length - 1 ? ',' : ''}`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= room)
      lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(clip(text, room));
  }
  return lines;
}

function firstLine({ label, title, fraction, left }: Standing, room: number): string {
  const behind = spaced(padded(fraction), left);
  const forBar = room - label.length - title.length - behind.length - 4;
  if (forBar >= SHORTEST_BAR) {
    return spaced(`${label}${title}`, bar(fraction, Math.min(BAR, forBar)), behind);
  }
  const short = spaced(percentOf(fraction), left);
  const shown = clip(title, Math.max(SHORTEST_TITLE, room - label.length - short.length - 2));
  return clip(spaced(`${label}${shown}`, short), room);
}

const spaced = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('  ');

export const percentOf = (fraction: number): string => `${Math.floor(fraction * 100)} %`;

/** As wide for 1 % as for 100 %, so that what stands behind it stays where it is. */
const padded = (fraction: number): string => percentOf(fraction).padStart(5);

const clip = (text: string, room: number): string =>
  text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text;

function bar(fraction: number, length: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * length);
  return '━'.repeat(filled) + '─'.repeat(length - filled);
}
