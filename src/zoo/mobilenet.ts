/**
 * MobileNetV2 (Sandler et al. 2018, table 2): inverted residuals, 1x1 up by a factor, 3x3 depthwise, 1x1 down without an
 * activation, ReLU6 elsewhere. The CIFAR form keeps the size in the stem and in the second stage, so that 32x32 images
 * end at 4x4. DeepShift has it on CIFAR-10 (spec 10.2); nobody published it with adders.
 */
import type { Baseline } from './baseline.ts';
import type { Builder } from './builder.ts';

/** Expansion, channels, blocks, stride of the first. */
type Stage = readonly [expansion: number, channels: number, blocks: number, stride: number];

const IMAGENET: readonly Stage[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];
const CIFAR: readonly Stage[] = IMAGENET.map((stage, i) => (i === 1 ? [6, 24, 2, 1] : stage));
const LAST = 1280;

function inverted(net: Builder, name: string, expansion: number, outputs: number, stride: number): void {
  const layers = (inner: Builder) => {
    const wide = inner.map.c * expansion;
    if (expansion !== 1) {
      inner.layer(`${name}.expand`, wide, 1);
      inner.norm(`${name}.expand.norm`, 'relu6');
    }
    inner.layer(`${name}.depthwise`, wide, 3, stride, wide);
    inner.norm(`${name}.depthwise.norm`, 'relu6');
    inner.layer(`${name}.project`, outputs, 1);
    inner.norm(`${name}.project.norm`, 'none');
  };
  if (stride === 1 && net.map.c === outputs) net.residual(name, 'none', layers);
  else layers(net);
}

const mobilenet = (
  resolution: number,
  classes: number,
  stages: readonly Stage[],
  stem: number,
): Baseline => ({
  resolution,
  classes,
  build(net) {
    net.stem(32, 3, stem, 'relu6');
    stages.forEach(([expansion, channels, blocks, stride], stage) => {
      for (let i = 0; i < blocks; i++) {
        const name = `stage${stage + 1}.block${i + 1}`;
        inverted(net, name, expansion, net.wide(channels), i === 0 ? stride : 1);
      }
    });
    net.layer('last', net.wide(LAST), 1);
    net.norm('last.norm', 'relu6');
    net.mean();
  },
});

export const MOBILENETS: Readonly<Record<string, Baseline>> = {
  'mobilenet-v2': mobilenet(224, 1000, IMAGENET, 2),
  'mobilenet-v2-cifar': mobilenet(32, 10, CIFAR, 1),
};
