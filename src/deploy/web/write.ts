/**
 * `export --to web`: a folder with one page that runs an integer program in WebAssembly, and the program's own two files.
 *
 *   index.html     the page with everything in it: style, scripts, program, interpreter
 *   program.json   the same program for the command line and for whoever else reads the format
 *   weights.bin
 *
 * A page that is opened from a disk may fetch nothing, so it carries what it needs: program and interpreter packed by gzip,
 * in base64. One file works from any server, from a disk and in a mail. The program lies there as the interpreter takes it
 * (integer/code.ts), so that the page needs no reader of the format.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { gzipSync } from 'node:zlib';
import { internal, ShiftAddError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import { version } from '../../version.ts';
import { encodeForInterpreter } from '../integer/code.ts';
import { countEach, countOperations } from '../integer/counts.ts';
import { encodeProgram, WEIGHTS_FILE } from '../integer/files.ts';
import { openProgram } from '../integer/open.ts';
import type { IntegerProgram, Operation } from '../integer/program.ts';
import { interpreterModule } from '../integer/wasm.ts';

export const PAGE_FILE = 'index.html';

/** Sources and compiled files lie equally deep in the package; the page's own files are kept as they are. */
const SOURCE = new URL('../../../src/deploy/web/page/', import.meta.url);
/** In the order in which they are put together; none imports one behind it. */
const SCRIPTS = ['picture.js', 'drawing.js', 'interpreter.js', 'show.js', 'page.js'];
/** Where numbers begin behind the code: they hold doubles. */
const ALIGNMENT = 64;

/** Contents by name. @throws ShiftAddError 'missing' where the package lacks the page, 'usage' for images that are no pictures */
export function writeWeb(program: IntegerProgram): ReadonlyMap<string, Uint8Array> {
  const channels = program.values[0].shape[2];
  if (channels !== 1 && channels !== 3) {
    throw new ShiftAddError(
      'usage',
      `a page shows its network pictures of 1 or 3 channels, but ${program.network} reads ${channels}; use --to integer`,
      { channels },
    );
  }
  const files = encodeProgram(program);
  const { code, numbers } = encodeForInterpreter(program);
  const numbersAt = Math.ceil(code.byteLength / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(numbersAt + numbers.length);
  bytes.set(new Uint8Array(code.buffer, code.byteOffset, code.byteLength));
  bytes.set(numbers, numbersAt);
  const weights = files.get(WEIGHTS_FILE)!;
  const elements = {
    network: inScript({ ...describe(program, weights), bytes: bytes.length, numbersAt }),
    program: packed(bytes),
    interpreter: packed(interpreterModule()),
  };
  return new Map([...files, [PAGE_FILE, Buffer.from(page(elements), 'utf8')]]);
}

const packed = (bytes: Uint8Array): string => gzipSync(bytes, { level: 9 }).toString('base64');

/** JSON that ends no script element. */
const inScript = (value: object): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** What the page says of the program, and needs to run it. */
function describe(program: IntegerProgram, weights: Uint8Array): object {
  const { network: name, classes, values, operations } = program;
  const last = values[values.length - 1];
  const counts = countEach(program);
  const layers = operations.map((operation, i) => ({
    ...{ name: operation.name, computes: wordFor(operation), gives: values[i + 1].shape.join(' × ') },
    ...counts[i],
  }));
  const sha256 = createHash('sha256').update(weights).digest('hex');
  return {
    ...{ name, makeup: makeupOf(program), classes, image: values[0].shape, operations: operations.length },
    logits: { bits: last.bits, length: sizeOf(last.shape), step: last.step, zero: last.zero },
    ...{ counts: countOperations(program), weightsMet: weightsMet(program), layers },
    darkPaper: readsLightOnDark(program),
    origin: `Made by shiftaddnas ${version}. ${WEIGHTS_FILE}: ${weights.length} bytes, SHA-256 ${sha256}.`,
  };
}

const WORDS = { conv: 'convolution', shift: 'shift', add: 'add' } as const;

/** "10 shift layers, 2 convolution layers, 1 attention layer" */
function makeupOf({ operations }: IntegerProgram): string {
  const words = operations.flatMap((operation) => {
    if (operation.kind === 'window') return [WORDS[operation.arithmetic]];
    return operation.kind === 'attention' ? ['attention'] : [];
  });
  const count = (word: string) => words.filter((other) => other === word).length;
  return [...new Set(words)]
    .sort((a, b) => count(b) - count(a))
    .map((word) => `${count(word)} ${word} layer${count(word) === 1 ? '' : 's'}`)
    .join(', ');
}

/** What the windows of all layers meet for one image: multiplications, if all were convolutions. */
function weightsMet({ values, operations }: IntegerProgram): number {
  return operations.reduce((sum, operation, i) => {
    if (operation.kind !== 'window') return sum;
    const { r, s, groups } = operation.window;
    return sum + (sizeOf(values[i + 1].shape) * r * s * values[operation.x].shape[2]) / groups;
  }, 0);
}

function wordFor(operation: Operation): string {
  if (operation.kind !== 'window') return operation.kind;
  const { r, s, groups } = operation.window;
  return `${WORDS[operation.arithmetic]} ${r} × ${s}${groups > 1 ? `, ${groups} groups` : ''}`;
}

/**
 * Whether the images it was trained on are dark rather than light: the mean that normalises them is the pixel that its first
 * operation, a rescale, takes to 0. People then draw in light ink on dark paper.
 */
function readsLightOnDark(program: IntegerProgram): boolean {
  const [image, normalised] = program.values;
  const grey = new Uint8Array(sizeOf(image.shape)).fill(128);
  const sum = openProgram(program)
    .values(grey)[1]
    .reduce((total, q) => total + q - normalised.zero, 0);
  return sum > 0;
}

/** The page as one file: what it links to is put in its place, what is in `elements` into the elements of that id. */
function page(elements: Readonly<Record<string, string>>): string {
  let html = source('page.html');
  const put = (place: string, content: string) => {
    if (html.split(place).length !== 2) internal(`page.html must hold ${place} once`);
    html = html.replace(place, () => content);
  };
  put('<link rel="stylesheet" href="page.css">', `<style>\n${source('page.css')}</style>`);
  const scripts = SCRIPTS.map((name) => withoutModules(source(name))).join('\n');
  put('<script type="module" src="page.js"></script>', `<script type="module">\n${scripts}</script>`);
  for (const [id, content] of Object.entries(elements))
    put(`id="${id}"></script>`, `id="${id}">${content}</script>`);
  return html;
}

/** A script that shares one scope with the others. */
const withoutModules = (text: string): string => text.replace(/^import .*\n/gm, '').replace(/^export /gm, '');

function source(name: string): string {
  try {
    return fs.readFileSync(new URL(name, SOURCE), 'utf8');
  } catch (cause) {
    const sentence = `${new URL(name, SOURCE).pathname}, a part of the page, cannot be read; install the package again`;
    throw new ShiftAddError('missing', sentence, {}, cause);
  }
}
