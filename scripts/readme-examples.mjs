// Runs the examples of README.md and docs/*.md, so that they stay true. A fenced block takes part by its first line:
//
//   ```sh run        commands, in a temporary folder of the document's own, with `shiftaddnas` on the PATH
//   ```text output   right behind one: what it printed on stdout; a line of `...` stands for any lines
//   ```ts run        a program that imports 'shiftaddnas', type-checked and run in the same folder
//
//   node scripts/readme-examples.mjs [file.md ...]
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';
import { compileTypeScript, root } from './setup.mjs';

/** A single example that takes longer has no place in a fast check. */
const LIMIT_SECONDS = 120;
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** Blocks of a document that take part: { kind: 'sh' | 'ts', line, text, expected? }. */
export function examplesOf(markdown) {
  const examples = [];
  let previous;
  for (const match of markdown.matchAll(/^```(\w+) (run|output)\n(.*?)^```$/gms)) {
    const [, language, role, text] = match;
    const line = markdown.slice(0, match.index).split('\n').length;
    const between = previous && markdown.slice(previous.end, match.index);
    if (role === 'run' && ['sh', 'ts'].includes(language)) examples.push({ kind: language, line, text });
    else if (language === 'text' && role === 'output' && between !== undefined && !between.includes('```')) {
      examples[examples.length - 1].expected = text;
    } else throw new Error(`line ${line}: \`\`\`${language} ${role} is no kind of example`);
    previous = { end: match.index + match[0].length };
  }
  return examples;
}

/** Whether `found` is `expected`, where a line of `...` stands for any lines. Ends of lines do not count. */
export function matches(expected, found) {
  const clean = (text) => text.replace(/[ \t]+$/gm, '').trim();
  const escaped = clean(expected).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/^\\\.\\\.\\\.$/gm, '[^]*?')}$`).test(clean(found));
}

function prepare(folder) {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'shiftaddnas'), 'junction');
  // A reader stands in the repository: docs/digit.png is there.
  symlinkSync(join(root, 'docs'), join(folder, 'docs'), 'junction');
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      allowImportingTsExtensions: false,
      outDir: 'out',
      rootDir: '.',
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    include: ['example*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  mkdirSync(join(folder, '.bin'));
  const shim = join(folder, '.bin', 'shiftaddnas');
  writeFileSync(
    shim,
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'dist', 'cli', 'main.js')}" "$@"\n`,
  );
  chmodSync(shim, 0o755);
}

function commandsFor({ kind, line, text }, folder) {
  if (kind === 'sh') return [['bash', ['-euo', 'pipefail', '-c', text]]];
  const name = `example-line-${line}`;
  writeFileSync(join(folder, `${name}.ts`), text);
  return [
    [process.execPath, [tsc, '-p', folder]],
    [process.execPath, [join(folder, 'out', `${name}.js`)]],
  ];
}

/** Undefined when all is well, or what went wrong. */
function runExample(example, folder) {
  const env = {
    ...process.env,
    PATH: `${join(folder, '.bin')}${delimiter}${process.env.PATH}`,
    NO_COLOR: '1',
  };
  let stdout = '';
  for (const [command, args] of commandsFor(example, folder)) {
    const done = spawnSync(command, args, {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: LIMIT_SECONDS * 1000,
    });
    stdout = done.stdout ?? '';
    if (done.status !== 0) {
      const why =
        done.error?.code === 'ETIMEDOUT' ? `took more than ${LIMIT_SECONDS} s` : `exit code ${done.status}`;
      return `${why}\n${example.text}\n${stdout}${done.stderr ?? done.error}`;
    }
  }
  if (example.expected === undefined || matches(example.expected, stdout)) return undefined;
  return `printed something else than the document says\n${example.text}\n--- document\n${example.expected}--- now\n${stdout}`;
}

function runDocument(path) {
  const name = relative(root, path);
  const examples = examplesOf(readFileSync(path, 'utf8'));
  if (examples.length === 0) return 0;
  const folder = mkdtempSync(join(tmpdir(), 'shiftaddnas-examples-'));
  let failed = 0;
  try {
    prepare(folder);
    for (const example of examples) {
      const started = Date.now();
      const wrong = runExample(example, folder);
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${wrong ? 'FAILED' : 'ok'} ${name}:${example.line} (${example.kind}, ${seconds} s)`);
      if (wrong) console.log(`${name}:${example.line}: ${wrong}\n`);
      if (wrong) failed++;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return failed;
}

function documents() {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return [join(root, 'README.md'), ...docs.sort().map((name) => join(root, 'docs', name))];
}

if (process.argv[1] && resolve(process.argv[1]) === join(root, 'scripts', 'readme-examples.mjs')) {
  compileTypeScript();
  const given = process.argv.slice(2).map((path) => resolve(path));
  const paths = given.length > 0 ? given : documents();
  const failed = paths.reduce((sum, path) => sum + runDocument(path), 0);
  if (failed > 0) console.error(`${failed} example(s) failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
