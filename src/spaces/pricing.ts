/**
 * What an architecture costs, in a few additions: every block that can stand anywhere in a space is priced once,
 * a network is the sum of its blocks and its frame.
 */
import { sizeOf } from '../core/shapes.ts';
import type { NetworkPrice } from '../hardware/price.ts';
import type { Pricer } from '../hardware/pricer.ts';
import { OPERATORS } from '../operators/index.ts';
import { OPERATOR_NAMES, type OperatorName } from '../operators/names.ts';
import { type ArchitectureCosts, CostSum, type PartCosts, partCosts } from './costs.ts';
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

export class ArchitecturePricer {
  readonly space: Space;
  readonly task: Task;
  /** Prices single layers. */
  readonly pricer: Pricer;
  private readonly blocks = new Map<number, PartCosts>();
  private frame: PartCosts | undefined;

  constructor(space: Space, task: Task, pricer: Pricer) {
    this.space = space;
    this.task = task;
    this.pricer = pricer;
  }

  /** Microseconds once the blocks are known. */
  price(genotype: Genotype): ArchitectureCosts {
    const { lengths, operators } = genotype;
    const sum = new CostSum();
    let layer = 0;
    for (let stage = 0; stage < lengths.length; stage++) {
      for (let i = 0; i < lengths[stage]; i++, layer++)
        sum.add(this.block(genotype, layer, stage, i === 0 && stage > 0, operators[layer]));
    }
    sum.add((this.frame ??= this.frameCosts(genotype)));
    return sum.costs(this.pricer);
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
  ): PartCosts {
    const place = (layer * this.space.stages.length + stage) * 2 + (down ? 1 : 0);
    const key = place * OPERATOR_NAMES.length + OPERATOR_NAMES.indexOf(operator);
    let costs = this.blocks.get(key);
    if (costs === undefined) {
      costs = this.blockCosts(planNetwork(this.space, genotype, this.task).blocks[layer]);
      this.blocks.set(key, costs);
    }
    return costs;
  }

  private blockCosts({ operator, plan }: PlacedBlock): PartCosts {
    const record = OPERATORS[operator];
    const weights = record.weights(plan).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const norms = record.norms(plan).reduce((sum, { channels }) => sum + 2 * channels, 0);
    return partCosts(this.pricer, record.workloads(plan), weights + norms);
  }

  private frameCosts(genotype: Genotype): PartCosts {
    const network = planNetwork(this.space, genotype, this.task);
    const { stem, features, task, heads } = network;
    const loads = [...stemWorkloads(stem), ...headWorkloads(network)];
    const head = heads * (features.c + 1) * task.classes;
    return partCosts(this.pricer, loads, sizeOf(stemWeight(stem)) + 2 * stem.map.c + head);
  }
}
