/** Every kernel of the contract, by name, in the contract's order; its arguments are the contract's behind the launcher. */
import type { KernelName } from '../../abi.ts';
import type { Backend, Buffer } from '../../backend.ts';
import type { GroupName } from '../../groups.ts';
import type { Launcher } from '../launcher.ts';
import * as attention from './attention.ts';
import * as convolution from './convolution.ts';
import * as elementwise from './elementwise.ts';
import * as filter from './filter.ts';
import * as groups from './groups.ts';
import * as labels from './labels.ts';
import * as layout from './layout.ts';
import { matmul } from './matmul.ts';
import * as norm from './norm.ts';
import * as piecewise from './piecewise.ts';
import * as pool from './pool.ts';
import * as random from './random.ts';
import { reduce } from './reduce.ts';
import * as softmax from './softmax.ts';

type KernelTable = {
  readonly [K in KernelName | GroupName]: (gpu: Launcher, ...args: Parameters<Backend[K]>) => void;
};

const KERNELS: KernelTable = {
  matmul,
  ...convolution,
  ...norm,
  ...softmax,
  ...labels,
  ...attention,
  ...filter,
  ...pool,
  ...elementwise,
  reduce,
  ...layout,
  ...piecewise,
  ...random,
  ...groups,
};

/** Arguments that may be null. */
const OPTIONAL: Partial<Record<KernelName, readonly number[]>> = {
  batchNormForward: [5],
  batchNormBackward: [5, 10],
  softmaxForward: [1],
  labelCrossEntropy: [4],
  attentionForward: [3],
  attentionBackward: [3],
  poolForward: [3],
  poolBackward: [2],
};

/** A call's buffers are there and its backend's own, also those that a launch of nothing would not touch. */
function lookAt(name: KernelName, args: readonly unknown[], own: (buffer: Buffer) => void): void {
  args.forEach((value, place) => {
    if (value === null && OPTIONAL[name]?.includes(place)) return;
    if (value === null || (typeof value === 'object' && 'type' in value)) own(value as Buffer);
  });
}

/** The kernels as methods of a backend that launches with `gpu`; `own` throws at a buffer that is freed or another's. */
export function kernelsOn(
  gpu: Launcher,
  own: (buffer: Buffer) => void,
): Pick<Backend, KernelName | GroupName> {
  const methods = Object.entries(KERNELS).map(([name, kernel]) => {
    const launch = kernel as (gpu: Launcher, ...args: unknown[]) => void;
    const method = (...args: unknown[]): void => {
      lookAt(name as KernelName, args, own);
      launch(gpu, ...args);
    };
    return [name, method];
  });
  return Object.fromEntries(methods) as Pick<Backend, KernelName | GroupName>;
}
