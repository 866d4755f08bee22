/**
 * What an architecture costs, in a few additions: every block that can stand anywhere in a space is priced once,
 * a network is the sum of its blocks and its frame.
 */
import { sizeOf } from '../core/shapes.ts';
import { type ArithmeticNeeds, areaMm2, arithmeticNeeds } from '../hardware/area.ts';
import { addOperations, NO_OPERATIONS } from '../hardware/operations.ts';
import type { NetworkPrice } from '../hardware/price.ts';
import type { Pricer } from '../hardware/pricer.ts';
import { accumulates, type Workload } from '../hardware/workload.ts';
import { OPERATORS } from '../operators/index.ts';
import { OPERATOR_NAMES, type OperatorName } from '../operators/names.ts';
import {
  headWorkloads,
  networkWorkloads,
  type PlacedBlock,
  planNetwork,
  stemWeight,
  stemWorkloads,
  type Task,
} from './layout.ts';
import type { Genotype, Space } from './space.ts';

/** Costs of one image through a network. */
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

/** What a block or the frame adds to a network. Area is not a sum, but follows from what all of them need. */
interface Part extends Omit<ArchitectureCosts, 'areaMm2'> {
  readonly needs: ArithmeticNeeds;
}

const NOTHING = { energyMj: 0, latencyMs: 0, params: 0, macs: 0, ...NO_OPERATIONS };

export class ArchitecturePricer {
  readonly space: Space;
  readonly task: Task;
  /** Prices single layers. */
  readonly pricer: Pricer;
  private readonly blocks = new Map<number, Part>();
  private frame: Part | undefined;

  constructor(space: Space, task: Task, pricer: Pricer) {
    this.space = space;
    this.task = task;
    this.pricer = pricer;
  }

  /** Microseconds once the blocks are known. */
  price(genotype: Genotype): ArchitectureCosts {
    const { lengths, operators } = genotype;
    const frame = (this.frame ??= this.frameCosts(genotype));
    let { energyMj, latencyMs, params, macs, multiplications, additions, shifts } = NOTHING;
    let { multiplier, shifter, secondAdder } = frame.needs;
    const add = (part: Part) => {
      energyMj += part.energyMj;
      latencyMs += part.latencyMs;
      params += part.params;
      macs += part.macs;
      multiplications += part.multiplications;
      additions += part.additions;
      shifts += part.shifts;
      multiplier ||= part.needs.multiplier;
      shifter ||= part.needs.shifter;
      secondAdder ||= part.needs.secondAdder;
    };
    let layer = 0;
    for (let stage = 0; stage < lengths.length; stage++) {
      for (let i = 0; i < lengths[stage]; i++, layer++)
        add(this.block(genotype, layer, stage, i === 0 && stage > 0, operators[layer]));
    }
    add(frame);
    const costs = { energyMj, latencyMs, params, macs, multiplications, additions, shifts };
    const { accelerator, bits } = this.pricer;
    const area = areaMm2(accelerator, bits, { multiplier, shifter, secondAdder });
    return area === undefined ? costs : { ...costs, areaMm2: area };
  }

  /** The full price, layer by layer. */
  detail(genotype: Genotype): NetworkPrice {
    return this.pricer.priceNetwork(networkWorkloads(planNetwork(this.space, genotype, this.task)));
  }

  private block(
    genotype: Genotype,
    layer: number,
    stage: number,
    down: boolean,
    operator: OperatorName,
  ): Part {
    const place = (layer * this.space.stages.length + stage) * 2 + (down ? 1 : 0);
    const key = place * OPERATOR_NAMES.length + OPERATOR_NAMES.indexOf(operator);
    let costs = this.blocks.get(key);
    if (costs === undefined) {
      costs = this.blockCosts(planNetwork(this.space, genotype, this.task).blocks[layer]);
      this.blocks.set(key, costs);
    }
    return costs;
  }

  private blockCosts({ operator, plan }: PlacedBlock): Part {
    const record = OPERATORS[operator];
    const weights = record.weights(plan).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const norms = record.norms(plan).reduce((sum, { channels }) => sum + 2 * channels, 0);
    return this.sum(record.workloads(plan), weights + norms);
  }

  private frameCosts(genotype: Genotype): Part {
    const network = planNetwork(this.space, genotype, this.task);
    const { stem, features, task, heads } = network;
    const loads = [...stemWorkloads(stem), ...headWorkloads(network)];
    const head = heads * (features.c + 1) * task.classes;
    return this.sum(loads, sizeOf(stemWeight(stem)) + 2 * stem.map.c + head);
  }

  private sum(loads: readonly Workload[], params: number): Part {
    return {
      ...this.pricer.totals(loads),
      ...loads.map((load) => this.pricer.price(load).operations).reduce(addOperations, NO_OPERATIONS),
      params,
      macs: loads.reduce((sum, load) => sum + accumulates(load), 0),
      needs: arithmeticNeeds(loads),
    };
  }
}
