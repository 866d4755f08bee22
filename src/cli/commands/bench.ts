/** `bench`: what this machine can do, how near the kernels come to it, and how long training steps take. */
import { cpus, loadavg } from 'node:os';
import type { Backend } from '../../backends/backend.ts';
import { BACKEND_NAMES, type BackendName, openBackend, type Precision } from '../../backends/open.ts';
import { openPeaks } from '../../backends/peaks.ts';
import { GROUP_NAMES, parseGroups } from '../../bench/groups.ts';
import { benchProgress } from '../../bench/progress.ts';
import type { Row } from '../../bench/row.ts';
import { measureGroups } from '../../bench/run.ts';
import { countBars, markdownTable, rowsTable } from '../../bench/table.ts';
import { describePeer, startTorch } from '../../bench/torch.ts';
import { EXECUTION_OPTIONS, type Option } from '../../runs/options.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { table } from '../text.ts';

const options = {
  group: {
    kind: 'text',
    help: `what to measure, with commas between: ${GROUP_NAMES.join(', ')} [all of them]`,
    placeholder: 'name,...',
  },
  peer: {
    kind: 'boolean',
    help: 'time PyTorch in turns with ours, pair by pair, and print ratios',
  },
  python: {
    kind: 'text',
    help: 'Python that has PyTorch [python3, then /usr/bin/python3]',
    placeholder: 'path',
  },
  rounds: {
    kind: 'integer',
    help: 'times that everything is timed, in turns',
    placeholder: 'n',
    minimum: 1,
    initial: 7,
  },
  long: {
    kind: 'boolean',
    help: 'also what takes minutes: memory over 10,000 training steps',
  },
  markdown: {
    kind: 'boolean',
    help: 'print the table as Markdown',
  },
  threads: {
    kind: 'integer',
    help: 'threads of a kernel; 0 for one a core',
    placeholder: 'n',
    minimum: 0,
    initial: 0,
  },
  backend: {
    kind: 'choice',
    help: 'backend that is timed',
    choices: ['auto', ...BACKEND_NAMES],
    initial: 'auto',
  },
  device: { kind: 'text', help: EXECUTION_OPTIONS.device.help, placeholder: 'name' },
  precision: EXECUTION_OPTIONS.precision,
} as const satisfies Record<string, Option>;

const setting = <T extends string | number>(
  context: CommandContext,
  key: 'rounds' | 'threads' | 'backend',
): T => given<T>(context, key) ?? (options[key].initial as T);

/** The processor, the backend and the day: what a table of timings must say. */
function machineLine(backend: Backend): string {
  const processors = cpus();
  const name = processors[0]?.model.trim() || process.arch;
  const day = new Date().toISOString().slice(0, 10);
  return `${name} (${processors.length} processors), ${backend.description}, Node ${process.versions.node}, ${day}`;
}

/** A sentence about a machine that others use at the same time, or none. */
function busyNote(load: number, processors = cpus().length): string | undefined {
  if (load < processors / 2) return undefined;
  return (
    `This machine is busy (${load.toFixed(1)} programs on ${processors} processors): best figures and ratios say more ` +
    'than medians, and fewer bars are met than could be.'
  );
}

async function openPeer(context: CommandContext, threads: number) {
  if (given<boolean>(context, 'peer') !== true) return undefined;
  const python = given<string>(context, 'python');
  const start = () => startTorch({ threads, ...(python === undefined ? {} : { python }) });
  const peer = await start();
  context.print(describePeer(peer));
  for (const warning of peer.warnings) process.stderr.write(`\nWARNING: ${warning}\n\n`);
  return { peer, start };
}

function printRows(context: CommandContext, rows: readonly Row[]): void {
  const { head, body } = rowsTable(rows);
  const show = given<boolean>(context, 'markdown') === true ? markdownTable : table;
  context.print(`\n${show(head, body)}`);
  const { met, all } = countBars(rows);
  if (all > 0) context.print(`\n${met} of ${all} bars met`);
}

export const bench: Command = {
  name: 'bench',
  summary: 'measure the peaks of this machine, kernels as a share of them, and training steps',
  options,
  examples: [
    'shiftaddnas bench',
    'shiftaddnas bench --group peaks,matmul,conv',
    'shiftaddnas bench --peer',
    'shiftaddnas bench --group memory --long --json',
  ],
  async run(context) {
    const groups = parseGroups(given<string>(context, 'group'));
    const threads = setting<number>(context, 'threads');
    const device = given<string>(context, 'device');
    const backend = await openBackend(setting<'auto' | BackendName>(context, 'backend'), {
      ...(threads === 0 ? {} : { threads }),
      ...(device === undefined ? {} : { device }),
      precision: given<Precision>(context, 'precision') ?? 'single',
    });
    const peaks = openPeaks(backend);
    try {
      const machine = machineLine(backend);
      context.print(machine);
      const load = loadavg()[0];
      const busy = busyNote(load);
      if (busy !== undefined) context.print(busy);
      const peer = await openPeer(context, backend.threads);
      try {
        const rows = await measureGroups(
          {
            ...{ backend, backendName: backend.name as BackendName, peaks },
            ...{ peer: peer?.peer, freshPeer: peer?.start },
            rounds: setting<number>(context, 'rounds'),
            long: given<boolean>(context, 'long') === true,
            signal: context.signal,
            note: context.print,
          },
          groups,
          benchProgress(context.json),
        );
        printRows(context, rows);
        const { introduction, warnings } = peer?.peer ?? {};
        return { machine, load, ...(peer === undefined ? {} : { peer: introduction, warnings }), rows };
      } finally {
        peer?.peer.close();
      }
    } finally {
      peaks?.dispose();
      backend.dispose();
    }
  },
};
