/** The thread that makes batches, compiled for tests: threads run JavaScript, tests are TypeScript. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface WorkerProgram {
  readonly program: URL;
  /** A folder for whatever else the test writes; gone after `remove`. */
  readonly folder: string;
  remove(): void;
}

/** Takes a second or so. */
export function compileWorker(): WorkerProgram {
  const source = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  const root = join(source, '..');
  const folder = mkdtempSync(join(tmpdir(), 'batch-threads-'));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const config = {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: {
      outDir: folder,
      rootDir: source,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
      declaration: false,
    },
    include: [],
    files: [join(source, 'data', 'augment', 'worker.ts')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  return {
    program: pathToFileURL(join(folder, 'data', 'augment', 'worker.js')),
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
