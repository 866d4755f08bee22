/** `export --to web`: see docs/web.md. */
import { internal } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import {
  countOperations,
  expectedLogits,
  type IntegerProgram,
  openWasm,
  PAGE_FILE,
  writeWeb,
} from '../../deploy/index.ts';
import { count } from '../text.ts';
import type { ProgramExporter } from './of-program.ts';

/** Images that the page's interpreter must say the same of as the reference. */
const PROVED = 100;

export const exportWeb: ProgramExporter = async ({
  program,
  images,
  imagesAre,
  maxDifference,
  lines,
  json,
}) => {
  const { multiplications, additions, shifts } = countOperations(program);
  const proved = provedInWasm(program, images);
  return {
    ...{ place: 'web', files: writeWeb(program), maxDifference },
    lines: [
      ...lines,
      `WebAssembly gives the logits of the reference interpreter on ${proved} ${imagesAre}`,
      `one image: ${count(multiplications)} multiplications, ${count(additions)} additions, ${count(shifts)} shifts`,
      `open ${PAGE_FILE} in a browser, from the disk or from any server`,
    ],
    json: { ...json, proved, counts: { multiplications, additions, shifts } },
  };
};

/** How many images were looked at. @throws ShiftAddError 'internal' where a logit is another */
function provedInWasm(program: IntegerProgram, images: Uint8Array): number {
  const some = images.subarray(0, PROVED * sizeOf(program.values[0].shape));
  const expected = expectedLogits(program, some);
  const found = openWasm(program).run(some);
  const at = found.findIndex((logit, i) => logit !== expected.logits[i]);
  if (at >= 0)
    internal(`WebAssembly gives logit ${at} as ${found[at]}, the reference ${expected.logits[at]}`);
  return expected.count;
}
