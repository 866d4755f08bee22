import { describe, expect, test } from 'vitest';
import { BASELINE_NETWORKS, findBaseline, type NamedBaseline } from '../zoo/index.ts';
import { DEFAULT_CONFIG, runConfigSchema } from './options.ts';
import { parseMilestones } from './pipeline/optimiser-of.ts';
import { publishedRecipe, RECIPE_NAMES, RECIPES, recipeSettings } from './recipes.ts';

test.each(RECIPE_NAMES)('%s is made of settings that exist, and says its source', (name) => {
  const config = { ...DEFAULT_CONFIG, ...RECIPES[name].settings };
  expect(runConfigSchema.parse(config)).toEqual(config);
  expect(parseMilestones(config.milestones).length).toBe(2);
  expect(RECIPES[name].source.length).toBeGreaterThan(20);
});

describe('what was published', () => {
  test.each([
    [
      'spec 10.1: AdderNet on CIFAR, 0.1 cosine, 400 epochs, decay 5e-4, batches of 256',
      'adder-resnet-20',
      {
        rate: 0.1,
        schedule: 'cosine',
        epochs: 400,
        decay: 5e-4,
        batch: 256,
        optimiser: 'sgd',
        adderEta: 0.2,
      },
    ],
    [
      'spec 10.2: DeepShift from scratch, 0.01; PS by RAdam',
      'shift-ps-resnet-18-cifar',
      { rate: 0.01, optimiser: 'radam', shift: 'PS' },
    ],
    [
      'spec 10.2: DeepShift on ImageNet, 15 epochs',
      'shift-q-resnet-50',
      { rate: 0.01, epochs: 15, shift: 'Q' },
    ],
    [
      'spec 10.3: ShiftAddNet, 0.1, 160 epochs, steps at 80 and 120, decay 1e-4, batches of 256',
      'shiftadd-resnet-20',
      {
        rate: 0.1,
        epochs: 160,
        milestones: '0.5,0.75',
        schedule: 'steps',
        decay: 1e-4,
        batch: 256,
        shift: 'PS',
      },
    ],
    ['spec 6.4: DeiT, 300 epochs, decay 0.05', 'vit-tiny', { optimiser: 'adamw', epochs: 300, decay: 0.05 }],
  ] as const)('%s', (_, name, settings) => {
    expect(recipeSettings('published', [name])).toMatchObject(settings);
  });

  test('every baseline has a recipe, but for those that nobody published one for', () => {
    const without = Object.keys(BASELINE_NETWORKS).filter(
      (name) => publishedRecipe(findBaseline(name) as NamedBaseline) === undefined,
    );
    expect(without.every((name) => /mobilenet|vit|shiftadd-resnet-(18|50)$/.test(name))).toBe(true);
    expect(without).toContain('adder-mobilenet-v2-cifar');
    expect(without).not.toContain('shift-mobilenet-v2-cifar');
  });

  test('one comparison has one recipe', () => {
    const same = recipeSettings('published', ['adder-resnet-20', 'adder-vgg-small@0.5']);
    expect(same).toEqual(RECIPES.addernet.settings);
    expect(() => recipeSettings('published', ['resnet-20', 'adder-resnet-20'])).toThrow(
      /that of resnet-20 is resnet and that of adder-resnet-20 is addernet; name one of/,
    );
    expect(recipeSettings('addernet', ['resnet-20', 'all-conv'])).toEqual(RECIPES.addernet.settings);
  });

  test.each([
    ['addernt', ['resnet-20'], /did you mean addernet\?/],
    ['published', ['all-conv'], /all-conv is none of the \d+ names it knows/],
    ['published', ['adder-vit-tiny'], /adder-vit-tiny was published with none/],
  ])('%s for %s is refused', (name, networks, sentence) => {
    expect(() => recipeSettings(name, networks)).toThrow(sentence);
  });
});

test.each(['', '0.5,', '0.7,0.5', '1', '0', 'half'])('--milestones %j is refused', (text) => {
  expect(() => parseMilestones(text)).toThrow(/rise between 0 and 1, such as 0.5,0.75/);
});
