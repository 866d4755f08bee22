import { describe, expect, test } from 'vitest';
import { Graph } from '../../autograd/graph.ts';
import { labelCrossEntropy } from '../../autograd/label-loss.ts';
import { createReference } from '../../backends/reference/reference.ts';
import { Random } from '../../core/random.ts';
import {
  SEQUENCE_BLOCKS,
  type SequenceBlock,
  type TranslationNetwork,
} from '../../spaces/seq2seq/network.ts';
import { countTranslator } from './declarations.ts';
import { extentOf } from './extent.ts';
import { IncrementalDecoder } from './incremental.ts';
import type { SourceBatch } from './source.ts';
import { TOY_SHARING, TOY_VOCABULARY, toyNetwork, toySource, toyTranslator } from './toy.ts';
import type { Translator } from './translator.ts';

const backend = createReference();

/** Target ids [n, t] that begin with 0. */
function target(n: number, t: number): Int32Array {
  const random = Random.fromSeed('target');
  return Int32Array.from({ length: n * t }, (_, i) =>
    i % t === 0 ? 0 : 4 + random.integer(TOY_VOCABULARY - 4),
  );
}

function words(values: Int32Array) {
  const buffer = backend.allocate(values.length, 'int32');
  backend.write(buffer, values);
  return buffer;
}

/** Logits [n * t, vocabulary] as training computes them. */
async function trained(
  translator: Translator,
  network: TranslationNetwork,
  source: SourceBatch,
  ids: Int32Array,
): Promise<Float32Array> {
  const graph = new Graph(backend, { training: false });
  const pass = translator.pass(graph);
  const encoded = translator.encode(pass, source, network);
  const t = ids.length / source.n;
  const logits = translator.logits(pass, translator.decode(pass, encoded, words(ids), t, network));
  const found = Float32Array.from(await graph.read(logits));
  graph.close();
  return found;
}

const logSoftmax = (row: Float32Array): number[] => {
  const most = Math.max(...row);
  const sum = Math.log(row.reduce((total, value) => total + Math.exp(value - most), 0)) + most;
  return Array.from(row, (value) => value - sum);
};

describe.each([
  ['pre', true],
  ['post', false],
] as const)('norm %s, sums of distances standardised %s', (norm, standardised) => {
  test.each(SEQUENCE_BLOCKS)(
    'decoding %s position by position gives what training computes',
    async (block) => {
      const decoder: SequenceBlock[] = [block, 'A', block];
      const network = toyNetwork(['A', 'AC', 'D'], decoder, { standardised });
      const translator = toyTranslator(backend, network, { norm });
      const source = toySource(backend, [3, 5]);
      const t = 9;
      const ids = target(2, t);
      const whole = await trained(translator, network, source, ids);
      const step = new IncrementalDecoder(translator, network, source);
      for (let position = 0; position < t; position++) {
        // from the second position on sentences have two rows that read the same words, and halfway change places
        if (position === 1) step.select(Int32Array.of(0, 0, 1, 1));
        if (position === 4) step.select(Int32Array.of(1, 0, 3, 2));
        const beam = position === 0 ? 1 : 2;
        const read = Int32Array.from(
          { length: 2 * beam },
          (_, row) => ids[Math.floor(row / beam) * t + position],
        );
        const { values, indices } = await step.step(read, TOY_VOCABULARY);
        for (let row = 0; row < 2 * beam; row++) {
          const at = (Math.floor(row / beam) * t + position) * TOY_VOCABULARY;
          const expected = logSoftmax(whole.subarray(at, at + TOY_VOCABULARY));
          for (let k = 0; k < TOY_VOCABULARY; k++) {
            const i = row * TOY_VOCABULARY + k;
            expect(values[i]).toBeCloseTo(expected[indices[i]], 4);
          }
        }
      }
      step.close();
      translator.dispose();
    },
  );
});

test('histories grow beyond their first room, and sentences that are done leave', async () => {
  const network = toyNetwork(['A'], ['AS', 'D']);
  const translator = toyTranslator(backend, network, { longest: 24 });
  const source = toySource(backend, [2, 4, 3]);
  const t = 20;
  const ids = target(3, t);
  const whole = await trained(translator, network, source, ids);
  const step = new IncrementalDecoder(translator, network, source);
  let sentences = [0, 1, 2];
  for (let position = 0; position < t; position++) {
    if (position === 7) {
      sentences = [1, 2];
      step.select(Int32Array.of(1, 2), Int32Array.of(1, 2));
    }
    const read = Int32Array.from(sentences, (n) => ids[n * t + position]);
    const { values, indices } = await step.step(read, 1);
    for (const [row, n] of sentences.entries()) {
      const at = (n * t + position) * TOY_VOCABULARY;
      const expected = logSoftmax(whole.subarray(at, at + TOY_VOCABULARY));
      expect(values[row]).toBeCloseTo(Math.max(...expected), 4);
      expect(expected[indices[row]]).toBeCloseTo(Math.max(...expected), 4);
    }
  }
  step.close();
});

test.each(SEQUENCE_BLOCKS)('a sentence does not depend on how far others pad it: %s', async (block) => {
  const network = toyNetwork([block, block], ['A', 'AD']);
  const translator = toyTranslator(backend, network);
  const ids = target(1, 4);
  const alone = await trained(translator, network, toySource(backend, [3]), ids);
  const padded = await trained(translator, network, toySource(backend, [3], 9), ids);
  padded.forEach((value, i) => {
    expect(value).toBeCloseTo(alone[i], 5);
  });
});

test('no position sees what comes after it', async () => {
  const network = toyNetwork(['A'], ['AC', 'D', 'AS']);
  const translator = toyTranslator(backend, network);
  const source = toySource(backend, [4]);
  const ids = target(1, 8);
  const before = await trained(translator, network, source, ids);
  const changed = ids.slice();
  changed[5] = changed[5] === 4 ? 5 : 4;
  const after = await trained(translator, network, source, changed);
  expect(after.slice(0, 5 * TOY_VOCABULARY)).toEqual(before.slice(0, 5 * TOY_VOCABULARY));
  expect(after.slice(5 * TOY_VOCABULARY)).not.toEqual(before.slice(5 * TOY_VOCABULARY));
});

test('a narrower network of a supernet reads the first rows and columns of its weights', async () => {
  const wide = toyNetwork(['AD', 'C'], ['AS', 'A'], { gated: true });
  const narrow: TranslationNetwork = {
    ...wide,
    encoder: 4,
    decoder: 8,
    encoderLayers: wide.encoderLayers.map((layer) => ({ ...layer, heads: 1, feedForward: 6 })),
    decoderLayers: wide.decoderLayers.slice(0, 1).map((layer) => ({ ...layer, heads: 2, feedForward: 4 })),
  };
  // standardised weights look at the part that is read, so a network alone has the same ones
  const supernet = toyTranslator(backend, wide);
  const alone = toyTranslator(backend, narrow);
  for (const { name, shape, value } of alone.store.parameters()) {
    const whole = supernet.store.parameter(name);
    const data = await backend.read(whole.value);
    const parts = name.endsWith('.in') || name.endsWith('.in.bias') ? gateParts(name) : 1;
    backend.write(value, firstPart(data, whole.shape, shape, parts));
  }
  const source = toySource(backend, [3, 4]);
  const ids = target(2, 3);
  const path = await trained(supernet, narrow, source, ids);
  const own = await trained(alone, narrow, source, ids);
  path.forEach((value, i) => {
    expect(value).toBeCloseTo(own[i], 5);
  });
});

/** Weights of a gated layer are two beside each other. */
const gateParts = (name: string) => (name.includes('lightweight') ? 2 : 1);

function firstPart(
  data: ArrayLike<number>,
  whole: readonly number[],
  part: readonly number[],
  parts: number,
): Float32Array {
  const [wholeColumns, columns] = [whole.at(-1) as number, part.at(-1) as number];
  const rows = part.length === 1 ? 1 : part[0];
  const out = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const piece = Math.floor(c / (columns / parts));
      const within = c % (columns / parts);
      out[r * columns + c] = data[r * wholeColumns + (piece * wholeColumns) / parts + within];
    }
  }
  return out;
}

/** Of every parameter but those that `special` names, against finite differences; returns the names of what it checked. */
async function checkGradients(translator: Translator, network: TranslationNetwork, special?: RegExp) {
  const source = toySource(backend, [3, 2]);
  const input = words(target(2, 3));
  const labels = words(Int32Array.of(5, 6, 2, 7, 2, -1));
  const lossOf = (graph: Graph) => {
    const pass = translator.pass(graph);
    const encoded = translator.encode(pass, source, network);
    const logits = translator.logits(pass, translator.decode(pass, encoded, input, 3, network));
    return labelCrossEntropy(logits, labels, { smoothing: 0.1, tokens: 5 }).loss;
  };
  const value = async () => {
    const graph = new Graph(backend, { training: false });
    const [loss] = await graph.read(lossOf(graph));
    graph.close();
    return loss;
  };
  const graph = new Graph(backend, { training: true });
  graph.backward(lossOf(graph));
  const step = 1e-2;
  const checked: string[] = [];
  for (const parameter of translator.store.parameters()) {
    const gradient = graph.gradient(parameter);
    if (gradient === undefined) expect.unreachable(`no gradient reached ${parameter.name}`);
    if (special?.test(parameter.name)) continue;
    const g = await backend.read(gradient);
    const w = Float32Array.from(await backend.read(parameter.value));
    const i = Random.fromSeed(parameter.name).integer(w.length);
    const moved = async (by: number) => {
      backend.write(parameter.value, w.with(i, w[i] + by));
      return value();
    };
    const [up, down, up2, down2] = [
      await moved(step),
      await moved(-step),
      await moved(2 * step),
      await moved(-2 * step),
    ];
    backend.write(parameter.value, w);
    const slope = (8 * (up - down) - (up2 - down2)) / (12 * step);
    expect(Math.abs(g[i] - slope), `${parameter.name}[${i}]: ${g[i]} and ${slope}`).toBeLessThan(
      2e-3 + 0.02 * Math.abs(slope),
    );
    checked.push(parameter.name);
  }
  graph.close();
  return checked;
}

test.each(['A', 'C', 'AC'] as const)(
  'gradients of every parameter of %s equal finite differences',
  async (block) => {
    const network = toyNetwork([block], [block], { gated: true });
    expect((await checkGradients(toyTranslator(backend, network), network)).length).toBeGreaterThan(30);
  },
);

// Where inputs and weights of an adder are more than 1 apart, its clipped gradient to the inputs is the derivative: all
// that stands before it, beside it and behind it must then agree. What its own weights get is no derivative anywhere
// (filter.test.ts has the loops), nor is what passes rounding to powers of two (operators).
test.each(['D', 'S', 'AD', 'AS'] as const)(
  'gradients of %s equal finite differences where its adders see inputs far from their weights',
  async (block) => {
    const network = toyNetwork([block], [block], { standardised: true });
    const translator = toyTranslator(backend, network, { sharing: { ...TOY_SHARING, families: [] } });
    const kind = block.endsWith('D') ? 'add.in' : 'shift-add.shift';
    const biases = ['encoder', 'decoder'].map((side) => `${side}.layer0.lightweight.${kind}.bias`);
    for (const name of biases) backend.fill(translator.store.parameter(name).value, 6);
    const checked = await checkGradients(translator, network, /\.filter(?:$|\.)|shift-add\.shift$/);
    for (const name of biases) {
      expect(checked).toContain(name);
      expect(checked).toContain(name.replace(kind, `${kind.split('.')[0]}.in`).replace('.bias', ''));
    }
  },
);

test('heterogeneous sharing: all kinds of filter read one tensor a role, and the store is smaller by the rest', () => {
  const network = toyNetwork(['A'], ['A']);
  const extent = {
    ...extentOf(network),
    encoderLayers: [{ blocks: ['C', 'D', 'S'] as const, heads: 2, feedForward: 10, window: 3 }],
  };
  const size = { extent, vocabulary: TOY_VOCABULARY, norm: 'post' } as const;
  const shared = countTranslator(size, TOY_SHARING).total;
  const own = countTranslator(size, { ...TOY_SHARING, families: [] }).total;
  // of in, out and filter two copies are gone, and the shift layer's, which reads the powers of two of `in`
  expect(own - shared).toBe(2 * (8 * 8 + 8 * 8 + 2 * 3) + 8 * 8);
});
