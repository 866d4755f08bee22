/**
 * What happens in a run, as data. The engine emits; the terminal, the journal and the report listen, and nothing
 * in the engine knows who does. Every event is plain JSON, and a run that is repeated with the same seed emits the
 * same events apart from the wall-clock fields (`WALL_CLOCK_FIELDS`).
 *
 * Units: losses in nats, accuracies as fractions of 1, energies in mJ, latencies in ms, areas in mm2. Genotypes are the words of
 * src/spaces/genotype.ts.
 */

/** Upper limits of a search; absent where there is none. */
export interface Limits {
  readonly energyMj?: number;
  readonly latencyMs?: number;
  readonly params?: number;
  readonly macs?: number;
  readonly areaMm2?: number;
  readonly multiplications?: number;
  readonly additions?: number;
  readonly shifts?: number;
}

/** What a search makes small: a score (an error is 1 less the accuracy; `bleu` what BLEU falls short of 100 by) or a cost. */
export type Objective = 'loss' | 'error' | 'bleu' | keyof Limits;

/** What a network costs and how it does. */
export interface NetworkScores {
  readonly genotype: string;
  /** Cross-entropy on held-out images. */
  readonly loss: number;
  readonly accuracy: number;
  /** Of translations, 0 to 100, where they were made. */
  readonly bleu?: number | undefined;
  readonly energyMj: number;
  readonly latencyMs: number;
  readonly params: number;
  readonly macs: number;
  /** Of the arithmetic, where the accelerator states areas. */
  readonly areaMm2?: number | undefined;
  /** Of one image; absent in what version 0.1.0 wrote. */
  readonly multiplications?: number | undefined;
  readonly additions?: number | undefined;
  readonly shifts?: number | undefined;
}

export interface RunStarted {
  readonly type: 'run-started';
  readonly command: string;
  readonly version: string;
  readonly seed: number;
  /** SHA-256 of the data, hexadecimal; absent in what earlier versions wrote. */
  readonly data?: string;
  /** SHA-256 of the subword model; absent for images, and in what earlier versions wrote. */
  readonly subwords?: string;
  /** What computes: processor, cores, memory, backend. For people. */
  readonly machine: Readonly<Record<string, string | number>>;
}

/** A killed or interrupted run goes on from a checkpoint. */
export interface RunResumed {
  readonly type: 'run-resumed';
  readonly text: string;
}

/** How much work a phase is, so that people are told how long a run takes. */
export interface PlannedPhase {
  /** As `phase-started` calls it. */
  readonly phase: string;
  /** Phases of one kind go at one pace. */
  readonly kind: 'supernet' | 'search' | 'training';
  /** In passes over the training data, forward and back; above 0. */
  readonly work: number;
}

/** What a run does from its start to its end: told when it starts or goes on, and again once more is known. */
export interface RunPlanned {
  readonly type: 'run-planned';
  readonly phases: readonly PlannedPhase[];
}

export interface PhaseStarted {
  readonly type: 'phase-started';
  /** Identifier, unique in the run: `supernet`, `search`, `retrain:all-conv`. */
  readonly phase: string;
  /** From 1. */
  readonly index: number;
  readonly of: number;
  /** For people: `retraining all-conv`. */
  readonly title: string;
}

export interface TrainStep {
  readonly type: 'train-step';
  readonly phase: string;
  /** Steps done, from 1. */
  readonly step: number;
  /** Steps of the whole phase. */
  readonly steps: number;
  readonly loss: number;
  readonly rate: number;
  /** Or sentence pairs. */
  readonly imagesPerSecond: number;
}

export interface EpochEnded {
  readonly type: 'epoch-ended';
  readonly phase: string;
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly trainLoss: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
}

/** The search begins: what it may spend and what it must keep. */
export interface SearchStarted {
  readonly type: 'search-started';
  readonly generations: number;
  /** Evaluations the search will make, where it knows. */
  readonly evaluations?: number;
  readonly limits: Limits;
  /** What fronts and hypervolumes of the run are of; absent in what earlier versions wrote: loss and energy. */
  readonly objectives?: readonly Objective[];
  /** A random search that the run's own is held against: nothing it finds is retrained. */
  readonly baseline?: true;
}

/** A candidate was priced and scored with the supernet's weights. */
export interface CandidateScored extends NetworkScores {
  readonly type: 'candidate-scored';
  /** Evaluations so far, this one included. */
  readonly index: number;
  readonly of: number;
  /** Scored by a random search that the run's own is held against. */
  readonly baseline?: true;
}

export interface GenerationEnded {
  readonly type: 'generation-ended';
  /** From 1. */
  readonly generation: number;
  readonly of: number;
  readonly evaluated: number;
  /** Networks looked at that meet the limits. */
  readonly feasible: number;
  readonly best: NetworkScores;
  /** Networks on the front of the objectives so far. */
  readonly frontSize: number;
  /** Share of the networks looked at that meet the limits. */
  readonly feasibleShare?: number;
  /** Part of the box below `corner` that the front dominates, 0 to 1. */
  readonly hypervolume?: number;
  /** The worst that counts, of each objective: guessing, and the limit on a cost or the dearest of the first generation. */
  readonly corner?: readonly number[];
}

/** A retrained network was measured on the test set. */
export interface NetworkEvaluated extends NetworkScores {
  readonly type: 'network-evaluated';
  readonly name: string;
  readonly role: 'winner' | 'candidate' | 'baseline';
  readonly validationAccuracy: number;
  /** How many of the test images were measured, where some could not be read. */
  readonly testImages?: number;
  /** Of translators. */
  readonly chrf?: number;
  readonly validationBleu?: number;
  readonly lengthPenalty?: number;
}

export interface Note {
  readonly type: 'note';
  readonly text: string;
}

export interface PhaseEnded {
  readonly type: 'phase-ended';
  readonly phase: string;
  readonly seconds: number;
}

export interface RunEnded {
  readonly type: 'run-ended';
  readonly outcome: 'finished' | 'interrupted' | 'failed';
  /** The sentence that ended it, unless it finished. */
  readonly text?: string;
  readonly seconds: number;
  /** Files that were to be decoded since the run was started or resumed, and could not be; absent: none. */
  readonly unreadable?: readonly string[];
}

/** How much of a training's time went by without a batch to train on; said where making batches costs something. */
export interface BatchesWaited {
  readonly type: 'batches-waited';
  readonly phase: string;
  readonly waitedSeconds: number;
  /** Of the training's time, 0 to 1. */
  readonly waitedShare: number;
  /** That made the batches; 0 when the training itself did. */
  readonly makers: number;
}

/** How far networks are that are trained side by side, in their order. */
export interface NetworksTraining {
  readonly type: 'networks-training';
  /** Of their phases, from 0 to 1. */
  readonly networks: readonly { readonly phase: string; readonly done: number }[];
}

/** How far the data of a run are read. */
export interface DataReading {
  readonly type: 'data-reading';
  readonly text: string;
  /** Done of it, from 0 to 1, where that is known. */
  readonly fraction?: number | undefined;
}

export type RunEvent =
  | DataReading
  | RunStarted
  | RunResumed
  | RunPlanned
  | PhaseStarted
  | TrainStep
  | EpochEnded
  | SearchStarted
  | CandidateScored
  | GenerationEnded
  | NetworkEvaluated
  | BatchesWaited
  | NetworksTraining
  | Note
  | PhaseEnded
  | RunEnded;

/** Events that people are shown and no journal holds: what they say is in the settings, or in other events. */
export const SHOWN_ONLY: readonly RunEvent['type'][] = ['run-planned', 'networks-training', 'data-reading'];

/** Fields that differ between two runs of the same seed: the journal keeps them apart. */
export const WALL_CLOCK_FIELDS = [
  'imagesPerSecond',
  'seconds',
  'waitedSeconds',
  'waitedShare',
  'makers',
  'unreadable',
] as const;

export type Listener = (event: RunEvent) => void;

/**
 * Hands every event to every listener, in the order they subscribed. A listener that throws stops the run: a
 * journal that cannot be written must not be passed over.
 */
export class EventBus {
  private readonly listeners: Listener[] = [];

  /** Returns what unsubscribes. */
  subscribe(listener: Listener): () => void {
    this.listeners.push(listener);
    return () => {
      const at = this.listeners.indexOf(listener);
      if (at >= 0) this.listeners.splice(at, 1);
    };
  }

  emit(event: RunEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}
