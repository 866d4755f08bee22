/**
 * Curves of a run as a TensorBoard event file: `tensorboard --logdir DIR`. The file is TFRecords, each of them a
 * protocol buffer `Event`, both written by hand here for the few fields that scalars need.
 *
 *   record    length (8 bytes, little-endian)  crc of it (4)  data  crc of it (4)
 *   Event     1 wall_time (double)   2 step (varint)   3 file_version (text)   5 summary
 *   Summary   1 value: { 1 tag (text)   2 simple_value (float) }
 *
 * Sources: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, framework/summary.proto.
 */
import type { RunEvent } from '../../core/events.ts';
import { isTranslationSource } from '../../data/text/open.ts';
import {
  DEFAULT_OBJECTIVES,
  type Objective,
  objectiveLabel,
  objectiveValue,
} from '../../search/objectives.ts';
import { recordedObjectives } from '../searched-for.ts';
import type { RunTrace } from './trace.ts';

/** One point of a curve. `at`: seconds since 1970. */
export interface Scalar {
  readonly at: number;
  readonly step: number;
  readonly tag: string;
  readonly value: number;
}

/** The bytes of an event file: the version first, then the scalars. */
export function eventFile(scalars: readonly Scalar[]): Uint8Array {
  const start = scalars[0]?.at ?? 0;
  const version = Buffer.concat([double(1, start), bytes(3, Buffer.from('brain.Event:2'))]);
  return Buffer.concat([version, ...scalars.map(scalarEvent)].map(record));
}

/** Curves of training and of the searches, in the order of the journal. */
export function scalarsOf({ journal, description }: RunTrace): Scalar[] {
  const examples = isTranslationSource(String(description.config.data ?? '')) ? 'sentences' : 'images';
  const scalars: Scalar[] = [];
  let search = '';
  let objectives = DEFAULT_OBJECTIVES;
  let lowest = Number.POSITIVE_INFINITY;
  for (const { event, at } of journal) {
    if (event.type === 'phase-started') {
      search = event.phase;
      lowest = Number.POSITIVE_INFINITY;
    }
    if (event.type === 'search-started') objectives = recordedObjectives(event);
    if (event.type === 'candidate-scored') lowest = Math.min(lowest, event.loss);
    for (const [step, tag, value] of points(event, { search, objectives, lowest, examples }))
      if (value !== undefined) scalars.push({ at: Date.parse(at) / 1000, step, tag, value });
  }
  return scalars;
}

type PointOf = readonly [step: number, tag: string, value: number | undefined];

/** Drawn of every candidate where it is known, whatever is searched for. */
const ALWAYS: readonly Objective[] = ['loss', 'bleu', 'energyMj'];

/** Where a run stands: its phase, what its search makes small and has reached, and what it trains on. */
interface Standing {
  readonly search: string;
  readonly objectives: readonly Objective[];
  readonly lowest: number;
  readonly examples: string;
}

function points(event: RunEvent, { search, objectives, lowest, examples }: Standing): PointOf[] {
  switch (event.type) {
    case 'train-step':
      return [
        [event.step, `${event.phase}/loss`, event.loss],
        [event.step, `${event.phase}/rate`, event.rate],
        [event.step, `${event.phase}/${examples} per second`, event.imagesPerSecond],
      ];
    case 'epoch-ended':
      return [
        [event.epoch, `${event.phase}/epoch loss`, event.trainLoss],
        [event.epoch, `${event.phase}/held-out loss`, event.validationLoss],
        [event.epoch, `${event.phase}/held-out accuracy`, event.validationAccuracy],
      ];
    case 'candidate-scored':
      return [
        [event.index, `${search}/loss`, event.loss],
        [event.index, `${search}/lowest loss`, lowest],
        [event.index, `${search}/accuracy`, event.accuracy],
        [event.index, `${search}/BLEU`, event.bleu],
        [event.index, `${search}/energy (mJ)`, event.energyMj],
        ...objectives
          .filter((objective) => !ALWAYS.includes(objective))
          .map((objective): PointOf => {
            return [
              event.index,
              `${search}/${objectiveLabel(objective)}`,
              objectiveValue(objective, event, event),
            ];
          }),
      ];
    case 'generation-ended':
      return [
        [event.generation, `${search}/front size`, event.frontSize],
        [event.generation, `${search}/hypervolume`, event.hypervolume],
        [event.generation, `${search}/feasible share`, event.feasibleShare],
      ];
    default:
      return [];
  }
}

function scalarEvent({ at, step, tag, value }: Scalar): Buffer {
  const number = Buffer.alloc(5);
  number[0] = (2 << 3) | 5;
  number.writeFloatLE(value, 1);
  const summaryValue = Buffer.concat([bytes(1, Buffer.from(tag)), number]);
  return Buffer.concat([
    double(1, at),
    Buffer.concat([Buffer.of(2 << 3), varint(step)]),
    bytes(5, bytes(1, summaryValue)),
  ]);
}

function double(field: number, value: number): Buffer {
  const out = Buffer.alloc(9);
  out[0] = (field << 3) | 1;
  out.writeDoubleLE(value, 1);
  return out;
}

function bytes(field: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.of((field << 3) | 2), varint(data.length), data]);
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let left = value;
  while (left >= 128) {
    out.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return Buffer.from([...out, left]);
}

function record(data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(data.length), 0);
  head.writeUInt32LE(maskedCrc(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc(data), 0);
  return Buffer.concat([head, data, tail]);
}

/** CRC-32C (Castagnoli, reflected) of all 256 bytes. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** As TFRecord stores it: a CRC over data that holds CRCs is weak, so they are rotated and shifted. */
export function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
