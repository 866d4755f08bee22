/** The search algorithms by the names of settings: what `--algorithm` takes. */
export const ALGORITHM_NAMES = [
  'evolution',
  'evolution-released',
  'nsga2',
  'aging',
  'halving',
  'predictor',
  'random',
] as const;

export type AlgorithmName = (typeof ALGORITHM_NAMES)[number];
