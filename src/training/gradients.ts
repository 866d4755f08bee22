/** What an optimiser steps along: the gradients of one graph, or the sums of several. */
import type { Graph, Parameter } from '../autograd/graph.ts';
import type { Buffer } from '../backends/backend.ts';

export interface Gradient {
  readonly parameter: Parameter;
  /** Of the parameter's shape; optimisers may change it in place. */
  readonly value: Buffer;
  /** The operator family that read a shared parameter. */
  readonly family?: string;
}

/** The gradients that reached parameters, in the order the parameters were first used. */
export function gradientsOf(graph: Graph): Gradient[] {
  return Array.from(graph.trained(), ([parameter, value]) => {
    const family = parameter.traits.shared === true ? graph.readers.get(parameter) : undefined;
    return family === undefined ? { parameter, value } : { parameter, value, family };
  });
}
