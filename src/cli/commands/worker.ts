/** `worker`: does jobs for runs that were started with --cluster, on any machine. */
import { clusterAddress } from '../../cluster/address.ts';
import { Database } from '../../cluster/database.ts';
import { serve } from '../../cluster/worker.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { cacheFolder } from '../../data/download.ts';
import { JOB_OPTIONS, type Option } from '../../runs/options.ts';
import { type Command, given } from '../command.ts';
import { EXECUTION_FLAGS, openBackendOf, storeOf } from '../run-options.ts';
import { saveEverySeconds } from '../run-session.ts';

const options: Readonly<Record<string, Option>> = {
  cluster: JOB_OPTIONS.cluster,
  data: {
    kind: 'text',
    help: 'where this machine has the data of the runs; where each run says unless given',
    placeholder: 'source',
  },
  mixed: {
    kind: 'boolean',
    help: 'take jobs of runs whose machine computes other last bits: the front may then differ from that of one machine',
  },
  idle: {
    kind: 'number',
    help: 'end after so many seconds without a job',
    placeholder: 'seconds',
    minimum: 0,
  },
  ...EXECUTION_FLAGS,
  workers: JOB_OPTIONS.workers,
  dataDisk: JOB_OPTIONS.dataDisk,
};

export const worker: Command = {
  name: 'worker',
  summary: 'score candidates and train networks for searches on other machines',
  options,
  examples: [
    'shiftaddnas worker --cluster postgres://user@host/database',
    'shiftaddnas worker --cluster postgres://user@host/database --data idx:/data/fashion-mnist --idle 600',
    'shiftaddnas worker --cluster postgres://user@host/database --data parallel:/data/multi30k',
  ],
  async run(context) {
    const address = given<string>(context, 'cluster');
    if (address === undefined) {
      throw new ShiftAddError('usage', 'worker needs --cluster postgres://user@host/database');
    }
    const say = (line: string) => {
      if (!context.json) process.stderr.write(`${line}\n`);
    };
    const where = clusterAddress(address);
    const backend = await openBackendOf(context);
    try {
      const database = await Database.open(where, say);
      try {
        say(`worker at ${where.shown}, ${backend.description}; Ctrl-C ends it`);
        const served = await serve({
          ...{ database, backend, signal: context.signal, say, cache: cacheFolder() },
          workers: given(context, 'workers'),
          store: { ...storeOf(context), mayWait: true }, // a slow worker is better than none
          data: given(context, 'data'),
          mixed: given(context, 'mixed'),
          idle: given(context, 'idle'),
          ...saveEverySeconds(),
        });
        const { jobs, runs, refused } = served;
        const others = refused === 0 ? '' : `, took no job of ${refused}`;
        context.print(
          `${jobs} ${jobs === 1 ? 'job' : 'jobs'} for ${runs} ${runs === 1 ? 'run' : 'runs'}${others}`,
        );
        return served;
      } finally {
        await database.close();
      }
    } finally {
      backend.dispose();
    }
  },
};
