/**
 * A small vision transformer. `vit-tiny` has the sizes of DeiT-Ti (Touvron et al. 2021: 192 channels, 12 layers, heads of
 * 64, patches of 16); `vit-tiny-cifar` has half as many layers and patches of 4. Two things differ from the publication:
 * the classifier reads the mean over positions, not a token of its own, and projections have no biases.
 *
 *   patches ─ + position ─ [ + attention(norm) ─ + feed-forward(norm) ] x layers ─ norm ─ mean ─ classifier
 *
 * The variants replace the four projections of a layer. Products of attention stay multiplications. Behind adders stands a
 * batch norm, as everywhere: their outputs are large negative numbers (spec 4.1).
 */
import { headsFor } from '../layers/attention.ts';
import type { Baseline } from './baseline.ts';
import type { Builder } from './builder.ts';

const HEAD_WIDTH = 64;
const CHANNELS = 192;
const EXPANSION = 4;

/** As many heads of about 64 channels as divide them. */
function headsOf(channels: number): number {
  let heads = headsFor(channels, HEAD_WIDTH);
  while (channels % heads !== 0) heads--;
  return heads;
}

function layer(net: Builder, name: string): void {
  const channels = net.map.c;
  net.residual(`${name}.attention`, 'none', (inner) => {
    inner.layerNorm(`${name}.attention.norm`);
    inner.projection(`${name}.attention.qkv`, 3 * channels);
    inner.attention(`${name}.attention.self`, headsOf(channels));
    inner.projection(`${name}.attention.out`, channels);
  });
  net.residual(`${name}.feed`, 'none', (inner) => {
    inner.layerNorm(`${name}.feed.norm`);
    inner.projection(`${name}.feed.in`, EXPANSION * channels);
    inner.gelu(`${name}.feed.activation`);
    inner.projection(`${name}.feed.out`, channels);
  });
}

const transformer = (resolution: number, classes: number, patch: number, layers: number): Baseline => ({
  resolution,
  classes,
  smallest: patch,
  build(net) {
    net.patches(net.wide(CHANNELS), patch);
    net.position();
    for (let i = 0; i < layers; i++) layer(net, `layer${i + 1}`);
    net.layerNorm('head.norm');
    net.mean();
  },
});

export const TRANSFORMERS: Readonly<Record<string, Baseline>> = {
  'vit-tiny': transformer(224, 1000, 16, 12),
  'vit-tiny-cifar': transformer(32, 10, 4, 6),
};
