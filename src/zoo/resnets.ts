/**
 * Residual networks and VGG-small in their CIFAR forms (3x3 stem, spec 10.1) and ImageNet forms (7x7 stem, pooled), as
 * AdderNet, DeepShift and ShiftAddNet took them over.
 */
import type { Baseline } from './baseline.ts';
import type { Builder } from './builder.ts';

/** Two 3x3 layers, or 1x1, 3x3 (with the stride), 1x1 with the outer width four times the inner. */
function block(net: Builder, name: string, inner: number, stride: number, bottleneck: boolean): void {
  const outputs = bottleneck ? 4 * inner : inner;
  const shape: [number, number, number][] = bottleneck
    ? [[inner, 1, 1], [inner, 3, stride], [outputs, 1, 1]] // biome-ignore format: one line is one block
    : [[inner, 3, stride], [outputs, 3, 1]]; // biome-ignore format: one line is one block
  const body = (main: Builder) => {
    shape.forEach(([width, kernel, step], i) => {
      main.layer(`${name}.conv${i + 1}`, width, kernel, step);
      main.norm(`${name}.norm${i + 1}`, i + 1 < shape.length ? 'relu' : 'none');
    });
  };
  const shortcut = (past: Builder) => {
    past.layer(`${name}.shortcut`, outputs, 1, stride);
    past.norm(`${name}.shortcut.norm`, 'none');
  };
  const straight = stride === 1 && net.map.c === outputs;
  net.residual(name, 'relu', body, straight ? undefined : shortcut);
}

/** Stages of blocks, each but the first beginning at half the size. */
function stages(net: Builder, lengths: readonly number[], width: number, bottleneck: boolean): void {
  lengths.forEach((length, stage) => {
    for (let i = 0; i < length; i++) {
      const name = `stage${stage + 1}.block${i + 1}`;
      block(net, name, net.wide(width << stage), stage > 0 && i === 0 ? 2 : 1, bottleneck);
    }
  });
  net.mean();
}

/** ResNet-20 and its kin (He et al. 2016, 4.2): three stages of 16, 32 and 64 channels. */
const cifar = (blocks: number): Baseline => ({
  resolution: 32,
  classes: 10,
  build(net) {
    net.stem(16, 3, 1);
    stages(net, [blocks, blocks, blocks], 16, false);
  },
});

const imagenet = (lengths: readonly number[], bottleneck: boolean): Baseline => ({
  resolution: 224,
  classes: 1000,
  build(net) {
    net.stem(64, 7, 2);
    net.maxPool(3, 2);
    stages(net, lengths, 64, bottleneck);
  },
});

/** The ImageNet networks behind a 3x3 stem that keeps the size: what DeepShift's CIFAR-10 rows mean by ResNet-18. */
const wideCifar = (lengths: readonly number[], bottleneck: boolean): Baseline => ({
  resolution: 32,
  classes: 10,
  build(net) {
    net.stem(64, 3, 1);
    stages(net, lengths, 64, bottleneck);
  },
});

/** VGG-small: 2 x 128, 2 x 256, 2 x 512 channels, each pair pooled, then the classifier on 4 x 4 x 512. */
const vggSmall: Baseline = {
  resolution: 32,
  classes: 10,
  build(net) {
    net.stem(128, 3, 1);
    [128, 256, 256, 512, 512].forEach((width, i) => {
      net.layer(`conv${i + 2}`, net.wide(width), 3);
      net.norm(`norm${i + 2}`, 'relu');
      if (i % 2 === 0) net.maxPool(2, 2);
    });
  },
};

export const RESNETS: Readonly<Record<string, Baseline>> = {
  'resnet-20': cifar(3),
  'resnet-32': cifar(5),
  'vgg-small': vggSmall,
  'resnet-18': imagenet([2, 2, 2, 2], false),
  'resnet-50': imagenet([3, 4, 6, 3], true),
  'resnet-18-cifar': wideCifar([2, 2, 2, 2], false),
  'resnet-50-cifar': wideCifar([3, 4, 6, 3], true),
};
