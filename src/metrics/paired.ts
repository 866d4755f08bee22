/**
 * Two classifiers on the same images: what the second loses, and how much of that is not chance. Images that both label
 * rightly, or both wrongly, say nothing of it; the loss is of those that one of them alone labels rightly.
 *
 * A few images can fall one way by chance, and then their own spread is 0. So half an image is added to each of the four
 * kinds of image before the difference and its standard error are taken: Agresti and Min, "Simple improved confidence
 * intervals for comparing matched proportions", Statistics in Medicine 24 (2005).
 */
export interface PairedCounts {
  readonly images: number;
  /** Images that the first alone labels rightly, and the second alone. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
}

export interface PairedLoss {
  /** Accuracy of the first less that of the second, in [-1, 1]. */
  readonly loss: number;
  /** Two standard errors below it: at least so much is lost, but for chance. -1 and below where nothing can be said. */
  readonly certain: number;
}

const ADDED = 0.5;
const ERRORS = 2;

export function pairedLoss({ images, onlyFirst, onlySecond }: PairedCounts): PairedLoss {
  const n = images + 4 * ADDED;
  const difference = (onlyFirst - onlySecond) / n;
  const discordant = (onlyFirst + onlySecond + 2 * ADDED) / n;
  const error = Math.sqrt((discordant - difference ** 2) / n);
  const loss = images === 0 ? 0 : (onlyFirst - onlySecond) / images;
  return { loss, certain: difference - ERRORS * error };
}
