/**
 * Labelled images: bytes as they were stored, [n, h, w, c] row-major, one label an image. Normalising and augmenting
 * happen when a batch is made. A set too large for memory names its files instead, which are decoded then too.
 */
export interface ImageSet {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly pixels: Uint8Array; // [count, height, width, channels]; empty with `files`
  readonly labels: Uint8Array | Uint16Array;
  /** Where each image is, when they are decoded while training. */
  readonly files?: ImageFiles;
}

export interface ImageFiles {
  readonly root: string;
  /** Below the root, one for each image. */
  readonly names: readonly string[];
  /** Share of the set that may be unreadable, 0 to 1. */
  readonly unreadableShare: number;
  /** Folder in which the decoded pictures of this set are kept (picturestore.ts); absent: they are decoded each time. */
  readonly stored?: string;
  /** Share of its time that training may wait for these pictures, 0 to 1, before they are used more often; absent: any. */
  readonly mostWaiting?: number;
}

export interface ImageDataset {
  /** As given to --data: `idx:DIR`, `glyphs`. */
  readonly source: string;
  readonly classes: readonly string[];
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Per channel, of the training pixels scaled to [0, 1]. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** Whether a mirrored image keeps its class (false for digits and letters). */
  readonly mirrorable: boolean;
  /** What a person should know about how it was read: missing batches, skipped files. One sentence each. */
  readonly notes: readonly string[];
}
