/** Small translators as they are after some training: no bias is 0, no norm is what it began as. */
import type { Backend } from '../../backends/backend.ts';
import { Random } from '../../core/random.ts';
import { SEQUENCE_BLOCKS, type TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { toyNetwork, toyTranslator } from '../../supernet/translator/toy.ts';
import type { Translator } from '../../supernet/translator/translator.ts';

export interface TestTranslator {
  readonly translator: Translator;
  readonly network: TranslationNetwork;
}

/** Every block on both sides; the decoder's layers attend to one, two and three encoder layers. */
export const everyBlock = (more: Partial<TranslationNetwork> = {}): TranslationNetwork =>
  toyNetwork(SEQUENCE_BLOCKS, SEQUENCE_BLOCKS, more);

export async function agedTranslator(
  backend: Backend,
  network: TranslationNetwork,
  more: Partial<Translator['config']> = {},
): Promise<TestTranslator> {
  const translator = toyTranslator(backend, network, more);
  for (const { name, shape, buffer } of translator.store.tensors()) {
    if (shape.length !== 1) continue;
    const random = Random.fromSeed(name);
    const values = await backend.read(buffer);
    backend.write(
      buffer,
      Float32Array.from(values, (value) => value + random.uniform(-0.2, 0.2)),
    );
  }
  return { translator, network };
}
