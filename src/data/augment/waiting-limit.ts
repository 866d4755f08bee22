/**
 * When training that waits for its pictures is an error: in the beginning, so that nobody finds it out after a night. Only
 * several spans one behind the other tell, for a disk may stand still for a moment; whatever was quick enough once may go on.
 */

/** Milliseconds of one span, and how many of them one behind the other are too much. */
export const SPAN_MS = 5000;
const SPANS = 3;

export class WaitingLimit {
  private readonly most: number;
  private readonly spanMs: number;
  private from: { readonly at: number; readonly waited: number } | undefined;
  private tooMuch = 0;
  /** Whether there was a span within the limit: it is not exceeded any more. */
  settled = false;

  /** `most`: share of the time, 0 to 1. */
  constructor(most: number, spanMs: number) {
    this.most = most;
    this.spanMs = spanMs;
  }

  /**
   * To be called often, with milliseconds: what has been waited in all, by a clock. Returns the share of the last span once
   * each of the first ones was above the limit.
   */
  exceeded(waited: number, at: number): number | undefined {
    this.from ??= { at, waited };
    const spent = at - this.from.at;
    if (this.settled || spent < this.spanMs) return undefined;
    const share = (waited - this.from.waited) / spent;
    this.from = { at, waited };
    if (share <= this.most) this.settled = true;
    else this.tooMuch++;
    return this.tooMuch === SPANS ? share : undefined;
  }
}
