/**
 * Decoding one position at a time: the same function as `Translator.decode`, with what earlier positions gave kept in
 * histories instead of computed again. Every sentence begins with one row and then has as many as `select` gives it,
 * beside each other, so that all of them attend to one copy of its keys and values.
 *
 *   history   [rows, capacity, columns]   keys, values and inputs of filters, one row of memory for each position
 *   step      ids [rows] -> the most probable next subwords of every row
 *   select    rows go on from other rows' histories: beams that were chosen, sentences that are not done
 */
import { attention } from '../../autograd/attention.ts';
import { filter1d } from '../../autograd/filter.ts';
import { Graph, type Tensor } from '../../autograd/graph.ts';
import { reshape } from '../../autograd/reshape.ts';
import type { Backend, Buffer } from '../../backends/backend.ts';
import { internal } from '../../core/errors.ts';
import { blockParts, type TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { partWidth } from './extent.ts';
import type { Pass } from './pass.ts';
import type { SourceBatch } from './source.ts';
import { crossAttention, feedForward, type Meeting, mixing } from './sublayers.ts';
import type { Translator } from './translator.ts';

/** The most probable next subwords of every row, best first. */
export interface Continuations {
  /** [rows, k]: logarithms of probabilities. */
  readonly values: Float32Array;
  /** [rows, k] */
  readonly indices: Int32Array;
}

/** What a decoder layer attends to in the source: [n, keys, attention], of which `lengths` count. */
interface Memory {
  keys: Buffer;
  values: Buffer;
  lengths: Buffer;
  readonly rows: number;
  /** Encoder layers that are attended to. */
  readonly sources: number;
}

interface History {
  buffer: Buffer;
  readonly columns: number;
}

const FIRST_CAPACITY = 16;

export class IncrementalDecoder {
  private readonly backend: Backend;
  private readonly translator: Translator;
  private readonly network: TranslationNetwork;
  private readonly scope: ReturnType<Backend['openScope']>;
  private readonly memories: Memory[];
  private readonly histories = new Map<string, History>();
  private sentences: number;
  /** Of every sentence. */
  private rowsEach = 1;
  /** Subwords of the source sentences. */
  private sizes: Int32Array;
  private capacity = FIRST_CAPACITY;
  private position = 0;

  /** Encodes the source. Everything that decoding keeps lies in a scope that `close` gives back. */
  constructor(translator: Translator, network: TranslationNetwork, source: SourceBatch) {
    this.translator = translator;
    this.network = network;
    this.sentences = source.n;
    this.sizes = source.sizes;
    this.backend = translator.store.backend;
    this.scope = this.backend.openScope();
    const graph = new Graph(this.backend, { training: false });
    const pass = translator.pass(graph);
    const encoded = translator.encode(pass, source, network);
    this.memories = network.decoderLayers.map(({ sources }, i) => {
      const { keys, values } = translator.memory(pass, encoded, network, i);
      const rows = sources * source.t;
      return {
        ...{ keys: graph.keep(keys), values: graph.keep(values), rows },
        lengths: source.lengths[sources - 1],
        sources,
      };
    });
    graph.close();
    for (const [i, { block }] of network.decoderLayers.entries()) {
      const { attention, lightweight } = blockParts(block);
      const at = `decoder.layer${i}`;
      const columns = new Map<string, number>();
      if (attention) {
        columns.set(`${at}.attention.keys`, network.attention);
        columns.set(`${at}.attention.values`, network.attention);
      }
      if (lightweight !== undefined) columns.set(`${at}.lightweight`, partWidth(block, network.decoder));
      for (const [name, width] of columns) {
        const buffer = this.backend.allocate(this.rows * this.capacity * width);
        this.histories.set(name, { buffer, columns: width });
      }
    }
  }

  get rows(): number {
    return this.sentences * this.rowsEach;
  }

  /** Takes the subword of every row at the next position, and gives the `k` most probable ones behind it. */
  async step(ids: Int32Array, k: number): Promise<Continuations> {
    const { backend, translator, network, rows } = this;
    if (this.position === this.capacity)
      this.move(
        Int32Array.from({ length: rows }, (_, i) => i),
        2 * this.capacity,
      );
    const graph = new Graph(backend, { training: false });
    try {
      const pass = translator.pass(graph);
      const words = backend.allocate(rows, 'int32');
      backend.write(words, ids);
      let x = translator.embed(pass, 'decoder', {
        ...{ ids: words, n: rows, t: 1, width: network.decoder, first: this.position },
      });
      for (const [i, layer] of network.decoderLayers.entries()) {
        const at = `decoder.layer${i}`;
        x = mixing(pass, at, x, layer, network, this.meeting(graph));
        x = crossAttention(pass, at, x, network.attention, (q) => this.attendSource(graph, i, q));
        x = feedForward(pass, at, x, layer.feedForward);
      }
      this.position++;
      return await this.best(pass, x, k);
    } finally {
      graph.close();
    }
  }

  private async best(pass: Pass, x: Tensor, k: number): Promise<Continuations> {
    const { backend, translator, rows } = this;
    const { vocabulary, norm } = translator.config;
    const hidden = norm === 'pre' ? pass.layerNorm('decoder.norm', x) : x;
    const logits = translator.logits(pass, hidden);
    const values = backend.allocate(rows * k);
    const indices = backend.allocate(rows * k, 'int32');
    backend.topLogProbabilities(logits.buffer, values, indices, rows, vocabulary, k);
    return {
      values: (await backend.read(values)) as Float32Array,
      indices: (await backend.read(indices)) as Int32Array,
    };
  }

  /**
   * Row i goes on from the history of row `rows[i]`, as many rows for every sentence; rows of a sentence come from that
   * sentence. `sentences`: those that go on, by their place now, where not all of them do.
   */
  select(rows: Int32Array, sentences?: Int32Array): void {
    const before = this.rows;
    if (sentences !== undefined) this.keepSentences(sentences);
    this.rowsEach = rows.length / this.sentences;
    if (rows.length === before && rows.every((row, i) => row === i)) return;
    this.move(rows, this.position + 1);
  }

  /** Histories of other rows, with room for `capacity` positions; what was beyond this position is not kept. */
  private move(rows: Int32Array, capacity: number): void {
    const { backend, position } = this;
    const places = new Int32Array(rows.length * capacity);
    for (const [i, row] of rows.entries()) {
      const first = row * this.capacity;
      // beyond this position nothing stands yet, so that anything may be copied there
      for (let t = 0; t < capacity; t++)
        places[i * capacity + t] = first + Math.max(0, Math.min(t, position - 1));
    }
    const index = backend.allocate(places.length, 'int32');
    backend.write(index, places);
    for (const history of this.histories.values()) {
      const next = backend.allocate(places.length * history.columns);
      backend.gatherRows(history.buffer, index, next, places.length, history.columns);
      backend.free(history.buffer);
      history.buffer = next;
    }
    backend.free(index);
    this.capacity = capacity;
  }

  private keepSentences(sentences: Int32Array): void {
    const { backend } = this;
    const kept = sentences.length;
    const index = backend.allocate(kept, 'int32');
    backend.write(index, sentences);
    const take = (buffer: Buffer, columns: number) => {
      const next = backend.allocate(kept * columns);
      backend.gatherRows(buffer, index, next, kept, columns);
      backend.free(buffer);
      return next;
    };
    const { attention } = this.network;
    this.sizes = Int32Array.from(sentences, (i) => this.sizes[i]);
    for (const memory of this.memories) {
      memory.keys = take(memory.keys, memory.rows * attention);
      memory.values = take(memory.values, memory.rows * attention);
      memory.lengths = backend.allocate(kept, 'int32');
      backend.write(
        memory.lengths,
        this.sizes.map((size) => size * memory.sources),
      );
    }
    this.sentences = kept;
    backend.free(index);
  }

  /** Positions meet what stands in the histories. */
  private meeting(graph: Graph): Meeting {
    const { rows, position, capacity } = this;
    const known = (buffer: Buffer, columns: number) => graph.constant(buffer, [rows, capacity, columns]);
    return {
      attend: (place, q, k, v, heads) => {
        const keys = known(this.append(`${place}.keys`, k), k.shape[2]);
        const values = known(this.append(`${place}.values`, v), v.shape[2]);
        return attention(q, keys, values, { heads, keys: position + 1 });
      },
      filter: (place, x, { kind, weight, heads }) => {
        const inputs = known(this.append(place, x), x.shape[2]);
        // the window ends at this position
        return filter1d(kind, inputs, weight, { heads, left: weight.shape[1] - 1 - position, rows: 1 });
      },
    };
  }

  /** The rows of a sentence are queries of one attention to it. */
  private attendSource(graph: Graph, index: number, q: Tensor): Tensor {
    const { sentences, rowsEach, network, rows } = this;
    const width = network.attention;
    const { keys, values, lengths, rows: t } = this.memories[index];
    const { crossHeads: heads } = network.decoderLayers[index];
    const known = (buffer: Buffer) => graph.constant(buffer, [sentences, t, width]);
    const found = attention(reshape(q, [sentences, rowsEach, width]), known(keys), known(values), {
      heads,
      lengths,
    });
    return reshape(found, [rows, 1, width]);
  }

  /** Writes what every row has at this position into a history, which begins with the first position. */
  private append(name: string, x: Tensor): Buffer {
    const { backend, rows, capacity, position } = this;
    const columns = x.shape[2];
    const history = this.histories.get(name) ?? internal(`no history ${name}`);
    const from = { offset: 0, stride: columns };
    const to = { offset: position * columns, stride: capacity * columns };
    backend.copyBlocks(x.buffer, history.buffer, rows, columns, from, to, false);
    return history.buffer;
  }

  close(): void {
    this.scope.close();
  }
}
