/**
 * What an architecture costs, in a few additions: every block that can stand anywhere in a space is priced once,
 * a network is the sum of its blocks and its frame.
 */
import { sizeOf } from '../core/shapes.ts';
import type { NetworkPrice } from '../hardware/price.ts';
import type { Pricer } from '../hardware/pricer.ts';
import { accumulates, type Workload } from '../hardware/workload.ts';
import { linearWorkload } from '../layers/workloads.ts';
import { OPERATORS } from '../operators/index.ts';
import { OPERATOR_NAMES, type OperatorName } from '../operators/names.ts';
import {
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
}

const NOTHING: ArchitectureCosts = { energyMj: 0, latencyMs: 0, params: 0, macs: 0 };

export class ArchitecturePricer {
  readonly space: Space;
  readonly task: Task;
  /** Prices single layers. */
  readonly pricer: Pricer;
  private readonly blocks = new Map<number, ArchitectureCosts>();
  private frame: ArchitectureCosts | undefined;

  constructor(space: Space, task: Task, pricer: Pricer) {
    this.space = space;
    this.task = task;
    this.pricer = pricer;
  }

  /** Microseconds once the blocks are known. */
  price(genotype: Genotype): ArchitectureCosts {
    const { lengths, operators } = genotype;
    let [energyMj, latencyMs, params, macs] = [0, 0, 0, 0];
    let layer = 0;
    for (let stage = 0; stage < lengths.length; stage++) {
      for (let i = 0; i < lengths[stage]; i++, layer++) {
        const down = i === 0 && stage > 0;
        const block = this.block(genotype, layer, stage, down, operators[layer]);
        energyMj += block.energyMj;
        latencyMs += block.latencyMs;
        params += block.params;
        macs += block.macs;
      }
    }
    const frame = (this.frame ??= this.frameCosts(genotype));
    return {
      energyMj: energyMj + frame.energyMj,
      latencyMs: latencyMs + frame.latencyMs,
      params: params + frame.params,
      macs: macs + frame.macs,
    };
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
  ): ArchitectureCosts {
    const place = (layer * this.space.stages.length + stage) * 2 + (down ? 1 : 0);
    const key = place * OPERATOR_NAMES.length + OPERATOR_NAMES.indexOf(operator);
    let costs = this.blocks.get(key);
    if (costs === undefined) {
      costs = this.blockCosts(planNetwork(this.space, genotype, this.task).blocks[layer]);
      this.blocks.set(key, costs);
    }
    return costs;
  }

  private blockCosts({ operator, plan }: PlacedBlock): ArchitectureCosts {
    const record = OPERATORS[operator];
    const weights = record.weights(plan).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const norms = record.norms(plan).reduce((sum, { channels }) => sum + 2 * channels, 0);
    return this.sum(record.workloads(plan), weights + norms);
  }

  private frameCosts(genotype: Genotype): ArchitectureCosts {
    const { stem, features, task } = planNetwork(this.space, genotype, this.task);
    const loads = [
      ...stemWorkloads(stem),
      linearWorkload('head.linear', 'head', 1, features.c, task.classes),
    ];
    const head = (features.c + 1) * task.classes;
    return this.sum(loads, sizeOf(stemWeight(stem)) + 2 * stem.map.c + head);
  }

  private sum(loads: readonly Workload[], params: number): ArchitectureCosts {
    const totals = this.pricer.totals(loads);
    const macs = loads.reduce((sum, load) => sum + accumulates(load), 0);
    return { ...NOTHING, ...totals, params, macs };
  }
}
