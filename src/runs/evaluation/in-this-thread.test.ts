/** What an evaluator owes whoever offers weights, with deeds that end by hand. */
import { expect, test } from 'vitest';
import type { ImageJobs, TrainJob } from './evaluator.ts';
import { InThisThread } from './in-this-thread.ts';

const network = (name: string) =>
  ({
    store: {
      parameters: () => [{ name, shape: [1], value: 0 }],
      backend: { read: async () => new Float32Array(1) },
    },
  }) as unknown as ImageJobs['network'];
const train: TrainJob = { kind: 'train', phase: 'p', architecture: { zoo: 'z' }, tests: false };
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Scores wait for `end`; what happened is written down. */
function byHand() {
  const happened: string[] = [];
  let end = () => {};
  const evaluator = new InThisThread<ImageJobs>({
    score: async (_, { genotype }, between) => {
      happened.push(`${genotype} begins`);
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      between();
      happened.push(`${genotype} ends`);
      return { loss: 1, accuracy: 0 };
    },
    train: async () => {
      happened.push('trained');
      return { validation: { loss: 1, accuracy: 0 }, curve: [] };
    },
    rest: () => happened.push('rest'),
  });
  return { evaluator, happened, end: () => end() };
}

test('weights are withdrawn once nothing is scored with them any more; trainings go on', async () => {
  const { evaluator, happened, end } = byHand();
  const { supernet, withdraw } = await evaluator.offer(network('a'));
  const score = evaluator.run({ kind: 'evaluate', supernet, genotype: 'g' });
  const late = evaluator.run({ kind: 'evaluate', supernet, genotype: 'h' });
  await turn();
  const gone = withdraw().then(() => happened.push('withdrawn'));
  await turn();
  expect(happened).toEqual(['g begins']);
  end();
  await gone;
  expect(await score).toEqual({ loss: 1, accuracy: 0 });
  await expect(late).rejects.toThrow(/offer them first/);
  await evaluator.run(train);
  expect(happened).toEqual(['g begins', 'g ends', 'rest', 'withdrawn', 'trained']);
});

test('what is kept for scoring goes with the last of several weights', async () => {
  const { evaluator, happened } = byHand();
  const [one, two] = [await evaluator.offer(network('a')), await evaluator.offer(network('b'))];
  expect(one.supernet).not.toBe(two.supernet);
  await one.withdraw();
  expect(happened).toEqual([]);
  await two.withdraw();
  expect(happened).toEqual(['rest']);
});
