/** Training steps of whole networks: forward, backward and the optimiser, on a batch that stands in memory. */
import { cnnStep } from './cnn.ts';
import type { Measuring } from './measuring.ts';
import { BATCH, baselineStep, DEFAULT_SIZES } from './networks.ts';
import type { Row } from './row.ts';
import { measureWhole, type WholeCase } from './whole.ts';

const IMAGES = { shape: `batch ${BATCH}, 32x32x3`, count: BATCH, unit: 'images' } as const;

const CASES: readonly WholeCase[] = [
  {
    ...{ id: 'cnn', title: 'convolutional network, SGD step', ...IMAGES },
    peer: { job: { kind: 'cnnStep', batch: BATCH }, most: 0.65 },
    make: (backend) => cnnStep(backend, BATCH),
  },
  ...(['conv', 'add', 'shift'] as const).map(
    (operator): WholeCase => ({
      id: `all-${operator}`,
      title: `all-${operator} of space ${DEFAULT_SIZES.space}, AdamW step`,
      ...IMAGES,
      make: (backend) => baselineStep(backend, operator, DEFAULT_SIZES),
    }),
  ),
];

export const measureSteps = (m: Measuring): Promise<Row[]> => measureWhole(m, 'steps', CASES);
