/** A thread that trains translators, one at a time, over a backend that joined the run's. */
import { parentPort, workerData } from 'node:worker_threads';
import { joinBackend } from '../../backends/join.ts';
import { internal } from '../../core/errors.ts';
import { postable } from '../evaluation/thread-messages.ts';
import { openSentences } from './context.ts';
import { trainAlone } from './train-alone.ts';
import type { FromTrainer, ToTrainer, TrainerStart } from './trainer.ts';

const { link, settings, abort } = workerData as TrainerStart;
const port = parentPort ?? internal('a thread that trains was started as a program');
const say = (message: FromTrainer) => port.postMessage(message);
const backend = await joinBackend(link);
const context = openSentences(settings, backend);
context.catch(() => {}); // whoever gives the first job hears of it

let last: Promise<void> = Promise.resolve();
port.on('message', (message: ToTrainer) => {
  last = last.then(() => listen(message));
});

async function listen(message: ToTrainer): Promise<void> {
  if (message.kind === 'end') {
    backend.dispose();
    port.close();
    return;
  }
  const stopped = () => Atomics.load(abort, 0) !== 0;
  try {
    const onEvent = (told: Extract<FromTrainer, { kind: 'told' }>['told']) => say({ kind: 'told', told });
    say({
      kind: 'done',
      result: await trainAlone((await context).context, message.job, { stopped, onEvent }),
    });
  } catch (error) {
    say({ kind: 'failed', error: postable(error) });
  }
}
