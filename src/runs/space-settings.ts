/** What a space says of the runs in it: settings that stand where neither a flag nor a config file names another. */
import type { Space } from '../spaces/space.ts';
import type { RunConfig } from './options.ts';

export function spaceSettings({ adder = {} }: Space): Partial<RunConfig> {
  const { kind, initial, low, high, offset, per } = adder;
  const settings = {
    adderScale: kind,
    adderInitial: initial,
    adderLow: low,
    adderHigh: high,
    adderOffset: offset,
    adderPer: per,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
