/**
 * Lines at the bottom of a terminal that are drawn over in place. Each drawing is one write that overwrites line by line
 * and erases only what is left behind them, so nothing flickers and no line of an earlier drawing stays.
 */
export class RedrawnLines {
  private readonly write: (text: string) => void;
  /** Lengths of the lines that stand on the terminal, with the cursor behind the last. */
  private standing: readonly number[] = [];

  constructor(write: (text: string) => void) {
    this.write = write;
  }

  /** `columns`: width of the terminal now; lines of an earlier width may have been broken by it. */
  draw(lines: readonly string[], columns: number): void {
    this.write(`${this.home(columns)}${lines.map((line) => `${line}\x1b[K`).join('\n')}\x1b[J`);
    this.standing = lines.map(({ length }) => length);
  }

  /** Lines that stay, in place of those that were redrawn; what is drawn next stands below them. */
  keep(lines: readonly string[], columns: number): void {
    const clean = this.standing.length === 0 ? '' : '\x1b[J';
    this.write(`${this.home(columns)}${clean}${lines.map((line) => `${line}\n`).join('')}`);
    this.standing = [];
  }

  /** Takes away what was redrawn. */
  clear(columns: number): void {
    if (this.standing.length > 0) this.keep([], columns);
  }

  /** Leaves what stands there: somebody else writes below it. */
  leave(): void {
    this.standing = [];
  }

  /** Moves to the start of the first line that stands. */
  private home(columns: number): string {
    if (this.standing.length === 0) return '';
    const rows = this.standing.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / columns)), 0);
    return rows === 1 ? '\r' : `\r\x1b[${rows - 1}A`;
  }
}
