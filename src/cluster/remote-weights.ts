/** The supernet that a worker scores with: fetched once, offered to the worker's own evaluator. */
import { ShiftAddError } from '../core/errors.ts';
import { decodeSafetensors, type TensorData } from '../core/safetensors.ts';
import type { EvaluateJob, Evaluator, JobTypes, Offer } from '../runs/evaluation/evaluator.ts';
import type { BlobCache, Blobs } from './blobs.ts';

export interface RemoteWeightsOptions {
  /** A supernet of the run whose weights are still to come. */
  readonly supernet: () => JobTypes['network'];
  readonly evaluator: Evaluator<JobTypes>;
  readonly blobs: Blobs;
  readonly cache: BlobCache;
}

export class RemoteWeights {
  private readonly options: RemoteWeightsOptions;
  private current: { readonly offer: Offer; readonly network: JobTypes['network'] } | undefined;
  /** One change after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(options: RemoteWeightsOptions) {
    this.options = options;
  }

  /** Returns the bytes that had to be fetched. @throws ShiftAddError 'run' when the weights are not those named */
  ready({ supernet }: EvaluateJob, weights: string): Promise<number> {
    const done = this.last.then(() =>
      this.current?.offer.supernet === supernet ? 0 : this.load(supernet, weights),
    );
    this.last = done.catch(() => {});
    return done;
  }

  private async load(supernet: string, weights: string): Promise<number> {
    await this.drop();
    const { evaluator, blobs, cache } = this.options;
    const before = cache.fetched;
    const { tensors } = decodeSafetensors(await cache.get(weights, blobs), `blob ${weights.slice(0, 12)}`);
    const network = this.options.supernet();
    try {
      await fill(network, tensors);
      const offer = await evaluator.offer(network);
      this.current = { offer, network };
      if (offer.supernet !== supernet) throw foreign(supernet, offer.supernet);
    } catch (error) {
      if (this.current === undefined) network.dispose();
      await this.drop();
      throw error;
    }
    return cache.fetched - before;
  }

  private async drop(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.offer.withdraw();
    current?.network.dispose();
  }

  async dispose(): Promise<void> {
    await this.last;
    await this.drop();
  }
}

/** Parameters must all be there; statistics of norms stay as they are, for every score measures them anew. */
async function fill({ store }: JobTypes['network'], weights: ReadonlyMap<string, TensorData>): Promise<void> {
  const trained = new Set([...store.parameters()].map(({ name }) => name));
  const statistics = new Map<string, TensorData>();
  for (const { name, shape, buffer } of store.tensors()) {
    if (trained.has(name)) continue;
    statistics.set(name, { shape, data: (await store.backend.read(buffer)) as Float32Array });
  }
  store.load((name) => statistics.get(name) ?? weights.get(name));
}

function foreign(asked: string, got: string): ShiftAddError {
  const sentence = `weights must have the address that jobs name, ${asked.slice(0, 12)}, but what came has ${got.slice(0, 12)}; resume the run, which sends them again`;
  return new ShiftAddError('run', sentence, { asked, got });
}
