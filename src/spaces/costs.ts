/**
 * Costs as sums of parts: whatever can stand in a network is priced once, and a network is a few additions.
 */
import { type ArithmeticNeeds, areaMm2, arithmeticNeeds } from '../hardware/area.ts';
import { addOperations, NO_OPERATIONS } from '../hardware/operations.ts';
import type { Pricer } from '../hardware/pricer.ts';
import { accumulates, type Workload } from '../hardware/workload.ts';

/** Costs of one image or sentence through a network. */
export interface ArchitectureCosts {
  readonly energyMj: number;
  readonly latencyMs: number;
  /** Weights, norms and biases of the network alone. */
  readonly params: number;
  /** Multiply-accumulates, shift- and difference-accumulates alike. */
  readonly macs: number;
  readonly multiplications: number;
  readonly additions: number;
  readonly shifts: number;
  /** Of the arithmetic; absent where the accelerator states no areas. */
  readonly areaMm2?: number;
}

/** What a part adds to a network. Area is not a sum, but follows from what all of them need. */
export interface PartCosts extends Omit<ArchitectureCosts, 'areaMm2'> {
  readonly needs: ArithmeticNeeds;
}

/** A part made of these layers. `params` are its weights, unless those of the layers say all. */
export function partCosts(
  pricer: Pricer,
  loads: readonly Workload[],
  params = loads.reduce((sum, load) => sum + load.weights, 0),
): PartCosts {
  return {
    ...pricer.totals(loads),
    ...loads.map((load) => pricer.price(load).operations).reduce(addOperations, NO_OPERATIONS),
    params,
    macs: loads.reduce((sum, load) => sum + accumulates(load), 0),
    needs: arithmeticNeeds(loads),
  };
}

/** Adds parts up. */
export class CostSum {
  private energyMj = 0;
  private latencyMs = 0;
  private params = 0;
  private macs = 0;
  private multiplications = 0;
  private additions = 0;
  private shifts = 0;
  private multiplier = false;
  private shifter = false;
  private secondAdder = false;

  add(part: PartCosts): void {
    this.energyMj += part.energyMj;
    this.latencyMs += part.latencyMs;
    this.params += part.params;
    this.macs += part.macs;
    this.multiplications += part.multiplications;
    this.additions += part.additions;
    this.shifts += part.shifts;
    this.multiplier ||= part.needs.multiplier;
    this.shifter ||= part.needs.shifter;
    this.secondAdder ||= part.needs.secondAdder;
  }

  costs({ accelerator, bits }: Pricer): ArchitectureCosts {
    const { energyMj, latencyMs, params, macs, multiplications, additions, shifts } = this;
    const { multiplier, shifter, secondAdder } = this;
    const costs = { energyMj, latencyMs, params, macs, multiplications, additions, shifts };
    const area = areaMm2(accelerator, bits, { multiplier, shifter, secondAdder });
    return area === undefined ? costs : { ...costs, areaMm2: area };
  }
}
