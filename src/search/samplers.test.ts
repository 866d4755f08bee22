import { describe, expect, test } from 'vitest';
import { aging } from './aging.ts';
import { samplerChecks } from './conformance.ts';
import { evolution } from './evolution.ts';
import { halving } from './halving.ts';
import { nsga2 } from './nsga2.ts';
import { predictor } from './predictor.ts';
import { meets } from './problem.ts';
import { randomSearch } from './random-search.ts';
import { FEASIBLE, LIMITS, OPTIMUM, toyProblem, toyScore, toyWords } from './toy.ts';

test('the toy problem’s optimum and count are what walking all words gives', () => {
  const feasible = toyWords().filter((word) => meets(toyProblem.price(word), LIMITS));
  const losses = feasible.map((word) => toyScore(word).loss);
  expect(feasible).toHaveLength(FEASIBLE);
  const best = Math.min(...losses);
  expect(feasible.filter((_, i) => losses[i] === best).map(toyProblem.key)).toEqual([OPTIMUM]);
});

describe('random search', () => {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: randomSearch,
    config: { evaluations, batch: 20, limits },
  }));
  for (const { name, run } of checks) test(name, run);
});

describe('evolution', () => {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: evolution,
    config: {
      population: 20,
      parents: 5,
      mutations: 10,
      crossovers: 10,
      generations: Math.ceil(evaluations / 20),
      limits,
    },
  }));
  for (const { name, run } of checks) test(name, run);
});

describe('NSGA-II', () => {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: nsga2,
    config: { population: 20, generations: Math.ceil(evaluations / 20), limits },
  }));
  for (const { name, run } of checks) test(name, run);
});

describe('evolution as released', () => {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: evolution,
    config: {
      population: 20,
      parents: 5,
      mutations: 10,
      crossovers: 10,
      generations: Math.ceil(evaluations / 20),
      codeExact: true,
      limits,
    },
  }));
  for (const { name, run } of checks) test(name, run);
});

describe('evolution with an elite, as published for translation', () => {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: evolution,
    config: {
      ...{ population: 20, parents: 4, mutations: 8, crossovers: 8, elite: 4 },
      generations: Math.ceil(evaluations / 16),
      limits,
    },
  }));
  for (const { name, run } of checks) test(name, run);
});

describe('aging evolution', () => {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: aging,
    config: { population: 20, sample: 5, batch: 4, evaluations, limits },
  }));
  for (const { name, run } of checks) test(name, run);
});

describe('successive halving', () => {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: halving,
    config: { candidates: 12, brackets: Math.ceil(evaluations / 12), limits },
  }));
  for (const { name, run } of checks) test(name, run);
});

describe('predictor-assisted search', () => {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: predictor,
    config: { population: 20, parents: 5, generations: Math.ceil(evaluations / 20), limits },
  }));
  for (const { name, run } of checks) test(name, run);
});
