/**
 * Every tensor of a translator as data: counted without allocating, or made in a store. Names say where a tensor stands:
 *
 *   embedding                                            [vocabulary, widest embedding], of source, target and output
 *   encoder.layer0.attention.query.weight                [width, attention]
 *   encoder.layer0.lightweight.in                        [width, width] what filters of all kinds share, or
 *   encoder.layer0.lightweight.add.in                    one kind's own
 *   encoder.layer0.feed.in.weight                        [width, feed-forward]
 */
import { PLAIN, UNDECAYED } from '../../autograd/graph.ts';
import { sizeOf } from '../../core/shapes.ts';
import { constant, normal } from '../../layers/initialisers.ts';
import type { OperatorName } from '../../operators/names.ts';
import type { WeightDeclaration } from '../../operators/operator.ts';
import { blockParts, type LightweightKind, type SequenceBlock } from '../../spaces/seq2seq/network.ts';
import { type Declaration, weightDeclarations } from '../declarations.ts';
import { type SharingConfig, shares } from '../sharing.ts';
import { type LayerExtent, partWidth, type TranslatorExtent } from './extent.ts';

/** Where a sublayer is normalised: behind its residual addition as published, or before it works. */
export type NormPlace = 'pre' | 'post';

export interface TranslatorSize {
  readonly extent: TranslatorExtent;
  /** Subwords of both languages together, special ones included. */
  readonly vocabulary: number;
  readonly norm: NormPlace;
}

/** The weights of a lightweight block: linear, shift layer of a shift-add, filter over time, linear. */
export type LightweightRole = 'in' | 'shift' | 'filter' | 'out';

/** The family that a kind of filter shares its block's tensors as. */
const FAMILY: Readonly<Record<LightweightKind, OperatorName>> = {
  conv: 'conv',
  add: 'add',
  'shift-add': 'shift',
};

/** A tensor of a lightweight block: how it is read, and what it is called. */
export interface LightweightWeight {
  readonly place: string;
  readonly family: OperatorName;
  readonly declaration: WeightDeclaration;
  readonly own: string;
}

/**
 * How a block reads the tensor of a role, which stands in the store with `shape`. The linear layers multiply, whatever the
 * filter does (spec 7.2). A shift layer reads the powers of two of what the first linear layer reads as it is.
 */
export function lightweightWeight(
  layer: string,
  kind: LightweightKind,
  role: LightweightRole,
  shape: readonly number[],
  sharing: SharingConfig,
): LightweightWeight {
  const place = `${layer}.lightweight`;
  const shared = shares(sharing, FAMILY[kind]);
  const tensor = role === 'shift' && shared ? 'in' : role;
  return {
    place,
    family: familyOf(kind, role),
    declaration: { role: tensor, shape, shared },
    own: `${place}.${kind}.${role}`,
  };
}

function familyOf(kind: LightweightKind, role: LightweightRole): OperatorName {
  switch (role) {
    case 'in':
    case 'out':
      return 'conv';
    case 'shift':
      return 'shift';
    case 'filter':
      return kind === 'conv' ? 'conv' : 'add';
  }
}

/** All tensors, each once. */
export function translatorDeclarations(
  { extent, vocabulary, norm }: TranslatorSize,
  sharing: SharingConfig,
): Declaration[] {
  const { encoder, decoder, attention } = extent;
  const embedding = Math.max(encoder, decoder);
  const found = new Map<string, Declaration>();
  const add = (declarations: Iterable<Declaration>) => {
    for (const one of declarations) found.set(one.name, one);
  };
  add([
    {
      name: 'embedding',
      shape: [vocabulary, embedding],
      traits: PLAIN,
      initialise: normal(embedding ** -0.5),
    },
  ]);
  for (const [side, width, layers] of [
    ['encoder', encoder, extent.encoderLayers],
    ['decoder', decoder, extent.decoderLayers],
  ] as const) {
    for (const [i, layer] of layers.entries()) {
      const at = `${side}.layer${i}`;
      add(mixingDeclarations(at, width, extent, layer, sharing));
      if (side === 'decoder') {
        add(attentionDeclarations(`${at}.cross`, { width, source: encoder, attention }));
        add(normDeclarations(`${at}.cross.norm`, width));
      }
      add(linearDeclarations(`${at}.feed.in`, width, layer.feedForward));
      add(linearDeclarations(`${at}.feed.out`, layer.feedForward, width));
      add(normDeclarations(`${at}.feed.norm`, width));
    }
    if (norm === 'pre') add(normDeclarations(`${side}.norm`, width));
  }
  return [...found.values()];
}

function* mixingDeclarations(
  at: string,
  width: number,
  { attention, gated }: TranslatorExtent,
  { blocks, heads, window }: LayerExtent,
  sharing: SharingConfig,
): Iterable<Declaration> {
  const attending = blocks.filter((block) => blockParts(block).attention);
  if (attending.length > 0) {
    const part = widest(attending, width);
    yield* attentionDeclarations(`${at}.attention`, { width: part, source: part, attention });
  }
  const filtering = blocks.filter((block) => blockParts(block).lightweight !== undefined);
  // Kinds that share tensors need equal ones, so all are as wide as the widest.
  const part = widest(filtering, width);
  const shapes = {
    in: [part, gated ? 2 * part : part],
    shift: [part, part],
    filter: [heads, window],
    out: [part, part],
  };
  for (const kind of new Set(filtering.map((block) => blockParts(block).lightweight))) {
    if (kind === undefined) continue;
    for (const role of rolesOf(kind)) {
      const weight = lightweightWeight(at, kind, role, shapes[role], sharing);
      const { place, family, declaration, own } = weight;
      // what a shift layer shares is declared with the shape of the first linear layer
      const stands = { ...declaration, shape: shapes[declaration.role as LightweightRole] };
      yield* weightDeclarations(place, family, stands, sharing, own);
      if (role !== 'filter') yield bias(`${own}.bias`, shapes[role][1]);
    }
  }
  yield* normDeclarations(`${at}.mixing.norm`, width);
}

export function rolesOf(kind: LightweightKind): readonly LightweightRole[] {
  return kind === 'shift-add' ? ['in', 'shift', 'filter', 'out'] : ['in', 'filter', 'out'];
}

const widest = (blocks: readonly SequenceBlock[], width: number): number =>
  Math.max(0, ...blocks.map((block) => partWidth(block, width)));

function* attentionDeclarations(
  at: string,
  {
    width,
    source,
    attention,
  }: { readonly width: number; readonly source: number; readonly attention: number },
): Iterable<Declaration> {
  yield* linearDeclarations(`${at}.query`, width, attention);
  yield* linearDeclarations(`${at}.key`, source, attention);
  yield* linearDeclarations(`${at}.value`, source, attention);
  yield* linearDeclarations(`${at}.out`, attention, width);
}

/** Glorot's spread (2 / (inputs + outputs)), as fairseq draws linear layers. */
function linearDeclarations(name: string, inputs: number, outputs: number): Declaration[] {
  const initialise = normal(Math.sqrt(2 / (inputs + outputs)));
  return [
    { name: `${name}.weight`, shape: [inputs, outputs], traits: PLAIN, initialise },
    bias(`${name}.bias`, outputs),
  ];
}

const bias = (name: string, size: number): Declaration => ({
  ...{ name, shape: [size], traits: UNDECAYED },
  initialise: constant(0),
});

function normDeclarations(name: string, width: number): Declaration[] {
  return [
    { name: `${name}.gamma`, shape: [width], traits: UNDECAYED, initialise: constant(1) },
    { name: `${name}.beta`, shape: [width], traits: UNDECAYED, initialise: constant(0) },
  ];
}

/** Parameters in all; embeddings apart, as published tables count them (spec 9.3). */
export function countTranslator(
  size: TranslatorSize,
  sharing: SharingConfig,
): { readonly total: number; readonly embeddings: number } {
  const all = translatorDeclarations(size, sharing);
  const count = (of: readonly Declaration[]) => of.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return { total: count(all), embeddings: count(all.filter(({ name }) => name === 'embedding')) };
}
