/** `zoo`: the published and baseline networks by name, and the recipes some were published with. */
import { RECIPES, type TrainingRecipe } from '../../runs/recipes.ts';
import {
  BASELINE_NETWORKS,
  publishedGenotypes,
  type ZooTask,
  zooNames,
  zooParameters,
  zooTask,
} from '../../zoo/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { count, table } from '../text.ts';

/** Tasks, and what the column of parameters counts. */
const COUNTED: Readonly<Record<ZooTask, string>> = {
  image: 'parameters',
  translation: 'parameters without embeddings',
};

export const zoo: Command = {
  name: 'zoo',
  summary: 'list the networks that can be named',
  options: {
    recipes: { kind: 'boolean', help: 'published training recipes instead, with sources and settings' },
  },
  examples: ['shiftaddnas zoo', 'shiftaddnas zoo --json', 'shiftaddnas zoo --recipes'],
  async run(context) {
    if (context.options.recipes === true) return printRecipes(context);
    const names = zooNames();
    const translators = names.filter((name) => zooTask(name) === 'translation');
    const trainable = [...publishedGenotypes(), ...Object.keys(BASELINE_NETWORKS), ...translators];
    const networks = names.map((name) => ({
      ...{ name, task: zooTask(name), trains: trainable.includes(name) },
      parameters: zooParameters(name),
    }));
    for (const [task, counted] of Object.entries(COUNTED)) {
      const rows = networks
        .filter((network) => network.task === task)
        .map(({ name, trains, parameters }) => [
          name,
          parameters === undefined ? '' : count(parameters),
          trains ? 'trains' : '',
        ]);
      context.print(`${table([task, counted, ''], rows)}\n`);
    }
    return { names, trainable, networks };
  },
};

function printRecipes(context: CommandContext): object {
  for (const [name, recipe] of Object.entries(RECIPES) as [string, TrainingRecipe][]) {
    context.print(`${name}: ${recipe.title}`);
    context.print(`  source: ${recipe.source}`);
    context.print(`  unconfirmed: ${recipe.unconfirmed}`);
    const settings = Object.entries(recipe.settings).map(([key, value]) => `${key} ${value}`);
    context.print(`  settings: ${settings.join(', ')}`);
  }
  return { recipes: RECIPES };
}
