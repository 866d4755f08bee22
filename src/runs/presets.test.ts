/** Presets: what is published, and that all of them are settings. */
import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { checkRecipe } from '../data/augment/recipe.ts';
import { findAccelerator, Pricer } from '../hardware/index.ts';
import { countSpace } from '../spaces/count.ts';
import { loadSpace, loadTranslationSpace } from '../spaces/load.ts';
import { ArchitecturePricer } from '../spaces/pricing.ts';
import {
  mutateTranslation,
  PUBLISHED_TRANSLATION_RATES,
  sampleTranslation,
  seq2seq,
  TranslationPricer,
} from '../spaces/seq2seq/index.ts';
import { publishedGenotype } from '../zoo/index.ts';
import { DEFAULT_CONFIG, type RunConfig, runConfigSchema } from './options.ts';
import { imageSizeOf } from './pipeline/image-size.ts';
import { scheduleOf } from './pipeline/optimiser-of.ts';
import { limitsOf, plannedSearch, TRANSLATION_SEARCH } from './pipeline/planned-search.ts';
import { retrainedSpaceOf } from './pipeline/retraining-of.ts';
import { sharingAloneOf, sharingOf } from './pipeline/sharing-of.ts';
import { PRESETS, presetSettings } from './presets.ts';
import { problemOf } from './translation/pipeline.ts';

const EXAMPLES = { images: 'glyphs', sentences: 'numbers' } as const;

describe.each(Object.keys(PRESETS))('preset %s', (name) => {
  test.each(['images', 'sentences'] as const)('is settings for %s, or refused', (kind) => {
    const data = EXAMPLES[kind];
    if (PRESETS[name][kind] === undefined) {
      expect(() => presetSettings(name, data)).toThrow(/and --data (glyphs|numbers) is not; choose/);
      return;
    }
    const settings = { ...DEFAULT_CONFIG, ...presetSettings(name, data) };
    expect(runConfigSchema.safeParse(settings)).toMatchObject({ success: true });
    (kind === 'images' ? loadSpace : loadTranslationSpace)(settings.space);
  });
});

describe('published, for images', () => {
  const data = 'folder:imagenet';
  const config: RunConfig = { ...DEFAULT_CONFIG, data, ...presetSettings('published', data) };
  const space = loadSpace(config.space);
  const task = { image: { h: 224, w: 224, c: 3 }, classes: 1000 };
  const retrained = retrainedSpaceOf(space, config);
  const pricer = new ArchitecturePricer(retrained, task, new Pricer(findAccelerator(config.accelerator)));

  test('spec 6.2: 20 generations of 50, 10 parents, 25 mutants, 25 children, by accuracy; 40 M parameters and 8 G at most', () => {
    const limits = limitsOf(config, {});
    expect(limits).toEqual({ params: 40e6, macs: 8e9 });
    const planned = plannedSearch(config, limits, config.generations);
    expect(planned.sampler.name).toBe('evolution');
    expect(planned.config).toMatchObject({
      ...{
        population: 50,
        parents: 10,
        mutations: 25,
        crossovers: 25,
        generations: 20,
        codeExact: true,
        limits,
      },
    });
    expect(planned.evaluations).toBe(20 * 50);
  });

  test('spec 3.1, 3.2: the space of 198,955,008 networks at 224 pixels, drawn by architecture', () => {
    expect(countSpace(space)).toBe(198_955_008n);
    expect([config.paths, imageSizeOf(config, space)]).toEqual(['architectures', 224]);
  });

  test('spec 6.3, 6.4: the networks that were found are priced as they were retrained, within the limits of 6.2', () => {
    for (const name of ['shiftaddnas-t0-v3', 'shiftaddnas-t0-v4']) {
      const published = publishedGenotype(name, { taught: false, width: 1 });
      expect(published?.space).toEqual(retrained);
      const { params, macs, energyMj } = pricer.price(published!.genotype);
      expect(params / 1e6).toBeCloseTo(27.9, 0); // docs/retraining.md
      expect(params).toBeLessThan(40e6);
      expect(macs).toBeGreaterThan(3e9);
      expect(macs).toBeLessThan(8e9);
      expect(energyMj).toBeGreaterThan(0);
    }
  });

  test('spec 6.1 and 5.3 to 5.5: AdamW, 300 epochs, 5e-4 for 512 images, DeiT augmentation, the released sharing', () => {
    expect(config).toMatchObject({
      ...{ optimiser: 'adamw', decay: 0.05, schedule: 'cosine', supernetEpochs: 300, epochs: 300, clip: 0 },
      ...{ rate: (5e-4 * config.batch) / 512, smoothing: 0.1, averaging: 0.99996 },
      ...{ randAugment: 9, jitter: 0.4, erasing: 0.25, mixup: 0.8, cutmix: 1, bits: '32' },
      ...{ dropPath: 0.1, supernetDropPath: 0 }, // the supernet ignores it
    });
    expect(config.batch % 8).toBe(0); // 8 ranks, each with a path of its own
    checkRecipe({ ...config }, config.batch);
    const steps = Math.floor(1_281_167 / config.batch);
    expect(scheduleOf(config, config.epochs * steps).warmupSteps).toBe(5 * steps); // epochs of ImageNet
    expect(sharingOf(config)).toMatchObject({
      ...{ families: ['conv', 'add', 'shift'], transformation: 'released', alignment: 'released' },
      ...{ shift: 'PS-released', gradient: 'plain', adder: { eta: 0.2 } },
    });
    expect(sharingAloneOf(config)).toMatchObject({ families: [], alignment: 'none' });
  });
});

describe('published, for sentences', () => {
  const config: RunConfig = { ...DEFAULT_CONFIG, ...presetSettings('published', 'wmt14-ende:') };
  const pricer = new TranslationPricer(seq2seq(), {}, new Pricer(findAccelerator(config.accelerator)));

  test('spec 7.5: 125 networks, 25 parents, 50 mutants, 50 children, 30 iterations; budget of 350 ms and 0.4e10 operations', () => {
    const limits = limitsOf(config, {});
    expect(limits).toEqual({ latencyMs: 350, macs: 0.4e10 / 2 });
    const planned = plannedSearch(config, limits, config.generations, TRANSLATION_SEARCH);
    expect(planned.sampler.name).toBe('evolution');
    expect(planned.config).toMatchObject({
      ...{ population: 125, parents: 25, elite: 25, mutations: 50, crossovers: 50, generations: 30 },
      limits,
    });
    // As released it would rank by accuracy (images) or reward operations; here the validation loss counts.
    expect(planned.config).not.toHaveProperty('codeExact');
    expect(planned.evaluations).toBe(125 + 29 * 100);
  });

  test('spec 7.5: a mutant redraws a gene with probability 0.3', () => {
    expect(PUBLISHED_TRANSLATION_RATES).toMatchObject({ gene: 0.3, replacement: 0 });
    const problem = problemOf({ space: seq2seq(), pricer, config });
    const parent = sampleTranslation(seq2seq(), Random.fromSeed(1));
    expect(problem.mutate(parent, Random.fromSeed(2))).toEqual(
      mutateTranslation(seq2seq(), parent, Random.fromSeed(2), PUBLISHED_TRANSLATION_RATES),
    );
  });

  test('spec 7.1, 7.3 and 9.3: space, dropout, norm, beam, and the sentence that is priced', () => {
    expect(config).toMatchObject({
      ...{ space: 'seq2seq', norm: 'post', families: 'none', rate: 1e-3, smoothing: 0.1, decay: 0 },
      ...{ dropout: 0.3, attentionDropout: 0.1, filterDropout: 0.03, beam: 4, lengthPenalty: 0.6 },
      ...{ sentenceTokens: 30, accelerator: 'shiftaddnas-released-translation' },
    });
    // Networks of 350 ms and less were found in it (spec 9.3), so the limits leave room.
    const drawn = Array.from({ length: 50 }, (_, i) =>
      sampleTranslation(seq2seq(), Random.fromSeed(i), 'tuples'),
    );
    expect(drawn.filter((genotype) => pricer.price(genotype).macs <= 2e9).length).toBeGreaterThan(5);
  });
});
