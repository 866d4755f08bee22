/** What a cell finds, as its line in the journal holds it. Accuracies are fractions of 1, losses nats, energies mJ. */
import type { Score } from '../training/score.ts';

export interface PathScore extends Score {
  readonly genotype: string;
}

/** Log-likelihood per weight under the Gaussian and the Laplacian that fit each tensor best, mean over all weights. */
export interface WeightFit {
  /** Who reads them: conv, add, shift, or shared; `add reads` are shared weights as transformed for add. */
  readonly weights: string;
  readonly tensors: number;
  /** Of these the Laplacian fits better. */
  readonly laplacian: number;
  readonly gaussLogLikelihood: number;
  readonly laplaceLogLikelihood: number;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

interface SupernetNames {
  readonly scheme: string;
  readonly length: 'short' | 'long';
  readonly operators: string;
}

export interface SupernetFigures extends SupernetNames {
  readonly kind: 'supernet';
  readonly epochs: number;
  readonly params: number;
  readonly paramsUnshared: number;
  /** On held-out images with recalibrated norms. */
  readonly random: readonly PathScore[];
  readonly pure: Readonly<Record<string, PathScore>>;
  readonly ranked: readonly PathScore[];
  /** Of its adders; null without any that learn one. */
  readonly scales: Range | null;
  readonly fits: readonly WeightFit[];
}

/** A network that was trained alone. */
export interface Measured {
  readonly genotype: string;
  readonly epochs: number;
  readonly validation: Score;
  readonly test: Score;
  readonly params: number;
  readonly macs: number;
  readonly energyMj: number;
  readonly energyMj8: number;
  readonly latencyMs: number;
  readonly scales: Range | null;
  readonly fits: readonly WeightFit[];
}

export interface NetworkFigures extends Measured {
  readonly kind: 'network';
  readonly network: string;
}

export interface WinnerFigures extends Measured, SupernetNames {
  readonly kind: 'winner';
  /** Candidates scored, and what the supernet said of the one that was chosen. */
  readonly evaluated: number;
  readonly supernet: Score;
  /** What it had to keep to, mJ at 32 bits. */
  readonly limitMj: number;
}

export interface TruthFigures {
  readonly kind: 'truth';
  readonly epochs: number;
  readonly paths: readonly (PathScore & { readonly energyMj: number })[];
}

export interface AlgorithmFigures {
  readonly kind: 'algorithm';
  readonly algorithm: string;
  readonly searchSeed: number;
  readonly evaluated: number;
  readonly best: PathScore & { readonly energyMj: number };
  /** Share of the box from the origin to the loss of guessing and the energy limit that the front dominates. */
  readonly hypervolume: number;
  readonly limitMj: number;
}

export type Figures = SupernetFigures | NetworkFigures | WinnerFigures | TruthFigures | AlgorithmFigures;
export type FiguresOf<K extends Figures['kind']> = Extract<Figures, { readonly kind: K }>;

/** A cell that cannot be finished: its training diverged, or nothing met its limits. */
export interface Failure {
  readonly kind: 'failure';
  readonly text: string;
}
