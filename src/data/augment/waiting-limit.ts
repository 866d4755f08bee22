/**
 * When training waits too much for its pictures: told in the beginning, so that nobody finds it out after a night. Only
 * several spans tell, for a disk may stand still for a moment; whatever was quick enough once may go on.
 */

/** Milliseconds of one span, and how many of them are too much. */
export const SPAN_MS = 5000;
const SPANS = 3;

export interface WaitingLimitOptions {
  readonly spanMs: number;
  /** So many spans within the limit, one behind the other, are enough for good. */
  readonly settled: number;
}

export class WaitingLimit {
  private readonly most: number;
  private readonly options: WaitingLimitOptions;
  private from: { readonly at: number; readonly waited: number } | undefined;
  /** Spans that were beyond the limit, and those within it since. */
  private tooMuch = 0;
  private quick = 0;

  /** `most`: share of the time, 0 to 1. */
  constructor(most: number, options: WaitingLimitOptions) {
    this.most = most;
    this.options = options;
  }

  /**
   * To be called often, with milliseconds: what has been waited in all, by a clock. Returns the share of the last span once
   * several were above the limit before it was settled that they are not.
   */
  exceeded(waited: number, at: number): number | undefined {
    this.from ??= { at, waited };
    const spent = at - this.from.at;
    if (this.quick === this.options.settled || spent < this.options.spanMs) return undefined;
    const share = (waited - this.from.waited) / spent;
    this.from = { at, waited };
    [this.tooMuch, this.quick] = share > this.most ? [this.tooMuch + 1, 0] : [this.tooMuch, this.quick + 1];
    return this.tooMuch === SPANS ? share : undefined;
  }
}
