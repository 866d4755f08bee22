/** What computed a run, for people who read its report. */
import { arch, cpus, platform, totalmem } from 'node:os';
import type { Backend } from '../backends/backend.ts';

export function machine(backend: Backend): Record<string, string | number> {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
    node: process.versions.node,
    backend: backend.description,
  };
}
