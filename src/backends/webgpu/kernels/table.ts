/** Every kernel of the contract, by name, in the contract's order; its arguments are the contract's behind the launcher. */
import type { KernelName } from '../../abi.ts';
import type { Backend } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import * as attention from './attention.ts';
import * as convolution from './convolution.ts';
import * as elementwise from './elementwise.ts';
import * as filter from './filter.ts';
import * as labels from './labels.ts';
import * as layout from './layout.ts';
import { matmul } from './matmul.ts';
import * as norm from './norm.ts';
import * as optimisers from './optimisers.ts';
import * as piecewise from './piecewise.ts';
import * as pool from './pool.ts';
import * as random from './random.ts';
import { reduce } from './reduce.ts';
import * as softmax from './softmax.ts';

type KernelTable = {
  readonly [K in KernelName]: (gpu: Launcher, ...args: Parameters<Backend[K]>) => void;
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
  ...optimisers,
};

/** The kernels as methods of a backend that launches with `gpu`. */
export function kernelsOn(gpu: Launcher): Pick<Backend, KernelName> {
  const bound = Object.entries(KERNELS).map(([name, kernel]) => [
    name,
    (kernel as (...args: unknown[]) => void).bind(null, gpu),
  ]);
  return Object.fromEntries(bound) as Pick<Backend, KernelName>;
}
