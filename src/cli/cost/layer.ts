import { nearest, ShiftAddError } from '../../core/errors.ts';
import type { Workload, WorkloadKind } from '../../hardware/index.ts';
import { linearWorkload, windowWorkload } from '../../layers/workloads.ts';

const LAYER_KINDS = ['conv', 'add', 'shift', 'linear'] as const;

/** One layer as a person types it: `conv,14,256,3,256,14,1`, with a further number for groups, or `linear,30,512,2048`. */
export function parseLayer(text: string): Workload {
  const [kind, ...numbers] = text.split(',').map((part) => part.trim());
  const fail = (sentence: string): never => {
    throw new ShiftAddError('usage', `--layer ${sentence}`, { layer: text });
  };
  if (!(LAYER_KINDS as readonly string[]).includes(kind)) {
    const near = nearest(kind, LAYER_KINDS);
    fail(
      `starts with a kind (${LAYER_KINDS.join(', ')}), but got "${kind}"${near ? `; did you mean ${near}?` : ''}`,
    );
  }
  const sizes = numbers.map(Number);
  const named = { name: 'layer', kind: kind as WorkloadKind, family: kind };
  const whole = sizes.every((size) => Number.isInteger(size) && size > 0);
  if (whole && sizes.length === 3) {
    const [rows, inputs, outputs] = sizes;
    return { ...linearWorkload('layer', kind, rows, inputs, outputs), ...named };
  }
  if (!whole || (sizes.length !== 6 && sizes.length !== 7)) {
    fail(
      'needs a kind and six whole numbers (input size, input channels, kernel, output channels, output size, stride), ' +
        `or a kind and three (rows, inputs, outputs), all above zero, but got "${text}"`,
    );
  }
  const [h, c, r, m, e, stride, groups = 1] = sizes;
  if (c % groups !== 0 || m % groups !== 0) {
    fail(
      `has ${groups} groups, which must divide its ${c} input and ${m} output channels; give 1, or ${c} if both are ${c}`,
    );
  }
  const [least, most] = [Math.max(1, Math.floor((h - r) / stride) + 1), Math.floor((h + r - 2) / stride) + 1];
  if (e < least || e > most) {
    fail(
      `has an output of ${e}, but a window of ${r} with stride ${stride} over an input of ${h} gives ` +
        `${least === most ? least : `${least} to ${most}`}; the nearest is ${e < least ? least : most}`,
    );
  }
  return windowWorkload({ ...named, ...{ h, w: h, c, r, s: r, m, e, f: e, stride, groups } });
}
