import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { released168, releasedTranslation } from '../hardware/accelerators/index.ts';
import type { LayerPrice } from '../hardware/price.ts';
import { Pricer } from '../hardware/pricer.ts';
import type { Workload } from '../hardware/workload.ts';
import { decoderWorkloads, encoderWorkloads } from '../spaces/seq2seq/workloads.ts';
import { zooWorkloads } from './index.ts';
import { TRANSLATION_NETWORKS } from './transformers.ts';

/** Columns of a record after the index: computation pJ, energy mJ, latency s, input, weight, output, then levels. */
function columns({ byLevel, byTensor, energyMj, latencyMs }: LayerPrice): number[] {
  return [
    ...[
      byLevel.computation * 1e9,
      energyMj,
      latencyMs / 1e3,
      byTensor.input,
      byTensor.weight,
      byTensor.output,
    ],
    ...[byLevel.computation, byLevel.DRAM, 0, byLevel.GB, byLevel.NoC, byLevel.RF],
  ];
}

function expectRow(price: LayerPrice, row: readonly number[], where: string): void {
  columns(price).forEach((value, i) => {
    const gap = Math.abs(value - row[i]);
    expect(gap, `${where}, column ${i + 1}: ${value} against ${row[i]}`).toBeLessThanOrEqual(
      1e-12 + 1e-10 * row[i],
    );
  });
}

const image = new Pricer(released168);
const translation = new Pricer(releasedTranslation);
const ofKind = (loads: Workload[], kind: string) => loads.filter((load) => load.kind === kind);
const T200 = TRANSLATION_NETWORKS['seq2seq-ende-200'];
/** What has a row in the records. The shift layers of shift-add blocks have none (spec 8.2). */
const counted = (loads: Workload[]) =>
  loads.filter(({ kind, role }) => kind !== 'vector' && role !== 'shift-add-shift');

describe('rows of the released records', () => {
  const v3 = zooWorkloads('shiftaddnas-t0-v3');
  test('hw_record T0_mix_v3 224, conv.csv row 17: strided position encoding', () => {
    const price = image.price(ofKind(v3, 'conv')[16]);
    expect(price.energyMj).toBeCloseTo(5.4303277056, 10);
    expect(price.latencyMs).toBeCloseTo(4.816896, 9);
  });
  test('hw_record T0_mix_v3 224, add.csv row 4', () => {
    const row = [46242201.6, 1.1898535936, 0.001605632, 0.3802136576, 0.7604273152, 0.0029704192];
    row.push(0.0462422016, 0, 0, 0, 0.0014852096, 1.1421261824);
    expectRow(image.price(ofKind(v3, 'add')[3]), row, 'add 4');
  });
  test('hw_record T0_mix_v3 224, shift.csv row 2', () => {
    const row = [13358858.24, 1.36621671424, 0.00100352, 0.406626304, 0.606928896, 0.339302656];
    row.push(0.01335885824, 0.189952, 0, 0.172655616, 0.276885504, 0.713364736);
    expectRow(image.price(ofKind(v3, 'shift')[1]), row, 'shift 2');
  });
  test('hw_record T0_mix_v3 224, matmul.csv row 4', () => {
    const row = [4548454.4, 0.0735127988, 0.000100352, 0.029528576, 0.0191897524, 0.020246016];
    row.push(0.0045484544, 0.0210308, 0, 0.0089112576, 0.0115459092, 0.0274763776);
    expectRow(image.price(ofKind(v3, 'matmul')[3]), row, 'matmul 4');
  });
  test('hw_record_nlp 200ms encoder row 17: lightweight add filter, window 7', () => {
    const row = [110592, 0.003975168, 4.096e-6, 0.000909312, 0.001818624, 0.00113664];
    row.push(0.000110592, 0, 0, 0, 0.000227328, 0.003637248);
    expectRow(translation.price(counted(encoderWorkloads(T200))[15]), row, 'filter');
  });
});

const folder = [process.env.SHIFTADDNAS_REFERENCE, '../shared/reference'].find(
  (place) => place !== undefined && existsSync(join(place, 'hw_record')),
);
const absent = 'records not found; set SHIFTADDNAS_REFERENCE to the folder that holds hw_record';
if (folder === undefined) console.log(`zoo/records.test.ts: full records skipped: ${absent}`);

function rows(file: string, header: boolean): number[][] {
  const lines = readFileSync(join(folder ?? '', file), 'utf8')
    .trim()
    .split('\n');
  return lines.slice(header ? 1 : 0).map((line) => line.split(',').slice(1).map(Number));
}

describe.skipIf(folder === undefined)('every row of the released records', () => {
  const networks = [
    ['shiftaddnas-t0-v3', 'bossnet_T0_mix_v3_distilled-224', 'shift'],
    ['shiftaddnas-t0-v4', 'bossnet_T0_mix_v4_distilled_Q-224', 'shfit_q'],
  ] as const;
  for (const [name, record, shift] of networks) {
    for (const kind of ['conv', 'add', 'shift', 'linear', 'matmul']) {
      const file = join('hw_record', record, `${kind === 'shift' ? shift : kind}.csv`);
      const loads = ofKind(zooWorkloads(name), kind);
      if (loads.length === 0) continue;
      test(`${name}: ${kind}`, () => {
        const expected = rows(file, false);
        expect(loads).toHaveLength(expected.length);
        loads.forEach(
          (load, i) => void expectRow(image.price(load), expected[i], `${load.name}, row ${i + 1}`),
        );
      });
    }
  }
  const base = TRANSLATION_NETWORKS['transformer-base-ende'];
  const sentences: [string, Workload[]][] = [
    ['base_27.3_encoder', encoderWorkloads(base)],
    ['base_27.3_decoder', decoderWorkloads(base)],
    ['200ms_Aug_4_encoder_32bits', encoderWorkloads(T200)],
    ['200ms_Aug_4_decoder_32bits', decoderWorkloads(T200)],
  ];
  test.each(sentences)('%s', (file, all) => {
    const expected = rows(join('hw_record_nlp', `${file}.csv`), true);
    const loads = counted(all);
    expect(loads).toHaveLength(expected.length);
    loads.forEach(
      (load, i) => void expectRow(translation.price(load), expected[i], `${load.name}, row ${i + 1}`),
    );
  });
});
