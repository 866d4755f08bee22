/** `export --to web`: see docs/web.md. */
import { countOperations, PAGE_FILE, writeWeb } from '../../deploy/index.ts';
import { count } from '../text.ts';
import type { ProgramExporter } from './of-program.ts';

export const exportWeb: ProgramExporter = async ({ program, maxDifference, lines, json }) => {
  const { multiplications, additions, shifts } = countOperations(program);
  return {
    ...{ place: 'web', files: writeWeb(program), maxDifference },
    lines: [
      ...lines,
      `one image: ${count(multiplications)} multiplications, ${count(additions)} additions, ${count(shifts)} shifts`,
      `open ${PAGE_FILE} in a browser, from the disk or from any server`,
    ],
    json: { ...json, counts: { multiplications, additions, shifts } },
  };
};
