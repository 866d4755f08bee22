/** Whole translation networks timed on the backend that is asked for, and a predictor of latency trained on them. */
import { Random } from '../../core/random.ts';
import { translationBaselines } from '../../runs/translation/baselines.ts';
import { writeLatencyFile } from '../../search/latency/file.ts';
import { trainLatencyPredictor } from '../../search/latency/predictor.ts';
import { collectLatencies } from '../../search/latency/samples.ts';
import { translationLatency } from '../../search/latency/translation-latency.ts';
import { loadTranslationSpace } from '../../spaces/load.ts';
import { networkOf } from '../../spaces/seq2seq/space.ts';
import { PUBLISHED_TOKENS } from '../../spaces/seq2seq/workloads.ts';
import { type CommandContext, given } from '../command.ts';
import { digits, percent } from '../text.ts';
import { onBackend } from './here.ts';
import { setting } from './options.ts';

/** Timings of every network where `--rounds` says nothing: a network is long against a disturbance, a layer is not. */
const ROUNDS = 5;
/** Words of the vocabulary where none is given. */
const VOCABULARY = 8000;

/** Writes the predictor and says how far it is off. Throws 'interrupted' when the signal is given. */
export async function predictorHere(
  context: CommandContext,
  networks: number,
): Promise<Record<string, unknown>> {
  const space = loadTranslationSpace(given<string>(context, 'space') ?? 'multi30k');
  const timing = {
    tokens: given<number>(context, 'tokens') ?? PUBLISHED_TOKENS,
    vocabulary: given<number>(context, 'vocabulary') ?? VOCABULARY,
    beam: setting<number>(context, 'beam'),
  };
  const rounds = given<number>(context, 'rounds') ?? ROUNDS;
  const how = `${timing.tokens} tokens of ${timing.vocabulary}, beam ${timing.beam}`;
  return onBackend(context, how, async (backend, machine) => {
    context.print(
      `timing ${networks} networks and the fixed ones of ${space.name}, ${rounds} times each, on ${machine}`,
    );
    const { signal } = context;
    const seed = setting<number>(context, 'seed');
    // The fixed networks of a search are among them, for some have decoders that no drawn one has.
    const fixed = translationBaselines(space).map(({ genotype }) => genotype);
    const samples = await collectLatencies(
      space,
      networks,
      Random.fromSeed(seed),
      (genotype) => translationLatency(backend, networkOf(space, genotype), { ...timing, repeats: 1 }),
      { rounds, also: fixed, signal },
    );
    const { model, heldOutError, heldOutTau, trainError, heldOut } = await trainLatencyPredictor(
      backend,
      space,
      samples,
      {
        ...{ seed, signal, heldOut: setting<number>(context, 'heldOut'), always: fixed.length },
      },
    );
    const out = setting<string>(context, 'out');
    const file = { kind: 'latency-predictor', space, machine, timing, heldOutError, model } as const;
    writeLatencyFile(out, { ...file, networks: samples.length });
    const times = heldOut.map(({ latencyMs }) => latencyMs);
    context.print(
      `relative error on ${heldOut.length} networks it has not seen (${digits(Math.min(...times))} to ${digits(Math.max(...times))} ms): ` +
        `median ${percent(heldOutError.median)}, 95th percentile ${percent(heldOutError.p95)}; Kendall's tau ${heldOutTau.toFixed(3)}`,
    );
    context.print(`wrote ${out}`);
    return {
      predictor: out,
      machine,
      networks: samples.length,
      heldOutError,
      heldOutTau,
      trainError,
      heldOut,
    };
  });
}
