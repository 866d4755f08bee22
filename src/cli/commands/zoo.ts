/** `zoo`: the published and baseline networks that can be priced by name. */
import { zooNames, zooTask } from '../../zoo/index.ts';
import type { Command } from '../command.ts';

export const zoo: Command = {
  name: 'zoo',
  summary: 'list the networks that can be named',
  options: {},
  examples: ['shiftaddnas zoo', 'shiftaddnas zoo --json'],
  async run(context) {
    const names = zooNames();
    for (const task of ['image', 'translation'] as const) {
      context.print(`${task}:`);
      for (const name of names.filter((candidate) => zooTask(candidate) === task)) context.print(`  ${name}`);
    }
    return { names };
  },
};
