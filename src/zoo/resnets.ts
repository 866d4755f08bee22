import { require_ } from '../core/errors.ts';
import type { Workload } from '../hardware/workload.ts';
import { after, elements, linear, NORM, NORM_RELU, pooling, RELU, residual, window } from './describe.ts';
import { replaced, type Variant } from './variant.ts';

/**
 * The hand-made baselines of the field, plain and with the multiplication-free layers that were published for them:
 * AdderNet replaces every convolution but the first by an adder layer, DeepShift by a shift layer, and ShiftAddNet by
 * a shift layer followed by an adder layer of the same window (spec 10.1-10.3). First convolution and classifier stay
 * multiplications (spec 4.1).
 */

interface Baseline {
  readonly resolution: number;
  readonly classes: number;
  build(network: Builder): void;
}

/** Walks through a network, keeping the current map. */
class Builder {
  readonly loads: Workload[] = [];
  readonly variant: Variant;
  size: number;
  channels = 3;

  constructor(variant: Variant, size: number) {
    this.variant = variant;
    this.size = size;
  }

  stem(channels: number, kernel: number, stride: number): void {
    const sizes = { kind: 'conv', size: this.size, inputs: this.channels, outputs: channels } as const;
    this.loads.push(window({ name: 'stem.conv', family: 'stem', ...sizes, kernel, stride }));
    this.size = after(this.size, stride);
    this.channels = channels;
    this.loads.push(elements('stem.norm', 'stem', this.size, channels, NORM_RELU));
  }

  /** One searchable position: a convolution or what stands for it. */
  layer(name: string, outputs: number, kernel: number, stride = 1): void {
    const { size, channels: inputs } = this;
    this.loads.push(...replaced(this.variant, name, { size, inputs, outputs, kernel, stride }));
    this.size = after(size, stride);
    this.channels = outputs;
  }

  work(name: string, what: typeof NORM): void {
    this.loads.push(elements(name, 'norm', this.size, this.channels, what));
  }

  pool(kernel: number, stride: number): void {
    this.loads.push(pooling(`pool${this.loads.length}`, 'pool', this.size, this.channels, kernel, stride));
    this.size = kernel === 0 ? 1 : after(this.size, stride);
  }
}

/** Two 3x3 layers, or 1x1, 3x3 (with the stride), 1x1 with the outer width four times the inner. */
function block(net: Builder, name: string, inner: number, stride: number, bottleneck: boolean): void {
  const { size, channels } = net;
  const outputs = bottleneck ? 4 * inner : inner;
  if (stride !== 1 || channels !== outputs) {
    net.layer(`${name}.shortcut`, outputs, 1, stride);
    net.work(`${name}.shortcut.norm`, NORM);
    net.size = size;
    net.channels = channels;
  }
  const shape: [number, number, number][] = bottleneck
    ? [[inner, 1, 1], [inner, 3, stride], [outputs, 1, 1]] // biome-ignore format: one line is one block
    : [[inner, 3, stride], [outputs, 3, 1]]; // biome-ignore format: one line is one block
  shape.forEach(([width, kernel, step], i) => {
    net.layer(`${name}.conv${i + 1}`, width, kernel, step);
    net.work(`${name}.norm${i + 1}`, i + 1 < shape.length ? NORM_RELU : NORM);
  });
  net.work(`${name}.residual`, residual(RELU));
}

const cifar = (blocks: number): Baseline => ({
  resolution: 32,
  classes: 10,
  build(net) {
    net.stem(16, 3, 1);
    [16, 32, 64].forEach((width, stage) => {
      for (let i = 0; i < blocks; i++) {
        block(net, `stage${stage + 1}.block${i + 1}`, width, stage > 0 && i === 0 ? 2 : 1, false);
      }
    });
    net.pool(0, 1);
  },
});

const imagenet = (lengths: readonly number[], bottleneck: boolean): Baseline => ({
  resolution: 224,
  classes: 1000,
  build(net) {
    net.stem(64, 7, 2);
    net.pool(3, 2);
    lengths.forEach((length, stage) => {
      for (let i = 0; i < length; i++) {
        block(net, `stage${stage + 1}.block${i + 1}`, 64 << stage, stage > 0 && i === 0 ? 2 : 1, bottleneck);
      }
    });
    net.pool(0, 1);
  },
});

/** VGG-small: 2 x 128, 2 x 256, 2 x 512 channels, each pair pooled, then the classifier on 4 x 4 x 512. */
const vggSmall: Baseline = {
  resolution: 32,
  classes: 10,
  build(net) {
    net.stem(128, 3, 1);
    [128, 256, 256, 512, 512].forEach((width, i) => {
      net.layer(`conv${i + 2}`, width, 3);
      net.work(`norm${i + 2}`, NORM_RELU);
      if (i % 2 === 0) net.pool(2, 2);
    });
  },
};

const BASELINES: Readonly<Record<string, Baseline>> = {
  'resnet-20': cifar(3),
  'resnet-32': cifar(5),
  'vgg-small': vggSmall,
  'resnet-18': imagenet([2, 2, 2, 2], false),
  'resnet-50': imagenet([3, 4, 6, 3], true),
};

const PREFIXES: readonly (readonly [string, Variant])[] = [
  ['', 'conv'],
  ['adder-', 'adder'],
  ['shift-', 'shift'],
  ['shiftadd-', 'shiftadd'],
];

/** Names of the baselines with the variant each stands for. */
export const BASELINE_NETWORKS: Readonly<
  Record<string, { readonly base: string; readonly variant: Variant }>
> = Object.fromEntries(
  Object.keys(BASELINES).flatMap((base) =>
    PREFIXES.map(([prefix, variant]) => [`${prefix}${base}`, { base, variant }]),
  ),
);

/** Layers of a baseline at a resolution (its own when not given). Throws 'usage' when the image is too small. */
export function baselineWorkloads(name: string, resolution?: number, classes?: number): Workload[] {
  const { base, variant } = BASELINE_NETWORKS[name];
  const baseline = BASELINES[base];
  const size = resolution ?? baseline.resolution;
  require_(
    Number.isInteger(size) && size >= 8,
    'usage',
    `The resolution of ${name} must be a whole number of at least 8 pixels, but is ${size}; give ${baseline.resolution}.`,
    { resolution: size },
  );
  const net = new Builder(variant, size);
  baseline.build(net);
  const features = net.channels * net.size * net.size;
  net.loads.push(linear('head.class', 'head', 1, features, classes ?? baseline.classes));
  return net.loads;
}
