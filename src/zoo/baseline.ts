import type { Builder } from './builder.ts';

/** A hand-made network in the size it was published for. */
export interface Baseline {
  /** Height and width of its images, pixels. */
  readonly resolution: number;
  readonly classes: number;
  /** The smallest image it takes; 8 pixels unless given. */
  readonly smallest?: number;
  /** All but the classifier. */
  build(network: Builder): void;
}
