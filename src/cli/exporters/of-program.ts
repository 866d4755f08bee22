/**
 * What artefacts of integer programs are made of: the program of a run, converted and compared with its network, or one
 * that lies in a folder of its own; and images to prove the artefact on.
 */
import { Random } from '../../core/random.ts';
import { sizeOf } from '../../core/shapes.ts';
import { openDataset } from '../../data/open.ts';
import { type IntegerProgram, readProgram } from '../../deploy/index.ts';
import { type CommandContext, given } from '../command.ts';
import { checkData, readingOf } from '../run-data.ts';
import type { Artefact } from './artefact.ts';
import { drawn } from './images.ts';

export interface ProgramInHand {
  readonly program: IntegerProgram;
  /** [count, h, w, c], bytes: those of --images. */
  readonly images: Uint8Array;
  /** What these are: "test images" or "images of noise". */
  readonly imagesAre: string;
  /** Of the logits of program and network; null where there is no network. */
  readonly maxDifference: number | null;
  /** How the program compares with its network. */
  readonly lines: readonly string[];
  /** Files that go beside the artefact, into its folder. */
  readonly beside?: ReadonlyMap<string, Uint8Array>;
  readonly json: object;
}

export type ProgramExporter = (inHand: ProgramInHand, context: CommandContext) => Promise<Artefact>;

/** Images of noise. */
const DRAWN = 1000;

/**
 * A program that lies in a folder, with test images of --data; with images of noise where that is not given.
 * @throws ShiftAddError 'run' for a folder that is damaged
 */
export async function programOfFolder(dir: string, context: CommandContext): Promise<ProgramInHand> {
  const program = readProgram(dir);
  const rest = { program, maxDifference: null, lines: [], json: {} };
  const [h, w, c] = program.values[0].shape;
  const asked = given<number>(context, 'images') ?? 0;
  const source = given<string>(context, 'data');
  if (source === undefined) {
    const random = Random.fromSeed(0).split('images');
    const count = asked === 0 ? DRAWN : asked;
    const images = Uint8Array.from({ length: count * sizeOf([h, w, c]) }, () => random.integer(256));
    return { ...rest, images, imagesAre: 'images of noise' };
  }
  const dataset = await openDataset(source, {
    seed: 0,
    imageSize: source.startsWith('folder:') ? h : undefined,
    progress: readingOf(context),
  });
  checkData({ image: { h, w, c }, classes: program.classes.length }, dataset, source);
  return { ...rest, images: drawn(dataset.test, asked).pixels, imagesAre: 'test images' };
}
