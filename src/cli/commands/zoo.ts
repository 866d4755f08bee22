/** `zoo`: the published and baseline networks by name, and the recipes some were published with. */
import { RECIPES, type TrainingRecipe } from '../../runs/recipes.ts';
import { BASELINE_NETWORKS, publishedGenotypes, zooNames, zooTask } from '../../zoo/index.ts';
import type { Command, CommandContext } from '../command.ts';

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
    const trainable = [...publishedGenotypes(), ...Object.keys(BASELINE_NETWORKS)];
    for (const task of ['image', 'translation'] as const) {
      context.print(`${task}:`);
      for (const name of names.filter((candidate) => zooTask(candidate) === task)) {
        context.print(`  ${name}${trainable.includes(name) ? ' (trains)' : ''}`);
      }
    }
    return { names, trainable };
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
