/** Learning rates over a run: linear warm-up, then cosine to a floor, constant, or steps. Plain data in, a number out. */
export interface ScheduleConfig {
  readonly kind: 'cosine' | 'constant' | 'steps';
  /** Peak learning rate. */
  readonly rate: number;
  readonly warmupSteps: number;
  readonly steps: number;
  /** cosine: where it ends. */
  readonly floor: number;
  /** steps: fractions of the run at which the rate is divided by ten. */
  readonly milestones?: readonly number[];
}

/** The rate of a step, counted from 0. */
export function rateAt(config: ScheduleConfig, step: number): number {
  const { kind, rate, warmupSteps, steps, floor } = config;
  if (step < warmupSteps) return (rate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  switch (kind) {
    case 'constant':
      return rate;
    case 'cosine':
      return floor + (rate - floor) * 0.5 * (1 + Math.cos(Math.PI * progress));
    case 'steps':
      return rate * 0.1 ** (config.milestones ?? [0.5, 0.75]).filter((at) => progress >= at).length;
  }
}
