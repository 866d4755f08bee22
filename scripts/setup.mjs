// Everything a fresh clone needs, each step skipped when it is done: dependencies, compiled TypeScript, addon.
// Plain Node without dependencies, because none is there yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

function say(text) {
  process.stderr.write(`${text}\n`);
}

function run(command, args, output = 2) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', output, output],
    shell: process.platform === 'win32',
  });
  return done.status ?? 1;
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(path.slice(root.length)).update('\0').update(readFileSync(path));
  return hash.digest('hex');
}

/** Runs `work` unless the stamp says that the same inputs were already worked on. */
function once(name, inputs, output, work) {
  const stamp = join(root, 'build', `${name}.stamp`);
  const hash = hashOf(inputs);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `shiftaddnas needs Node 20.19 or newer, but this is ${process.versions.node}; see https://nodejs.org`,
    );
  }
}

export function installDependencies() {
  once('dependencies', [join(root, 'package-lock.json')], join(root, 'node_modules', 'typescript'), () => {
    say('setting up: dependencies (npm)');
    const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
    // `npm ci` refuses a lock file without the optional packages of other platforms, and a registry that mirrors only
    // some platforms makes such files; `npm install` installs the same locked versions from it.
    if (run('npm', ['ci', ...flags], 'ignore') === 0) return;
    if (run('npm', ['install', '--no-save', ...flags]) !== 0) {
      fail(
        'npm install failed; the lines above say why; check the connection to the npm registry and try again',
      );
    }
  });
}

function typescriptInputs() {
  const sources = filesUnder(join(root, 'src')).filter((path) => !path.endsWith('.test.ts'));
  return [...sources, join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json')];
}

/** Whether dist is made of the sources as they are, and their hash. */
export function compiledTypeScript() {
  const hash = hashOf(typescriptInputs());
  const stamp = join(root, 'build', 'typescript.stamp');
  const fresh =
    existsSync(join(root, 'dist', 'cli', 'main.js')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === hash;
  return { fresh, hash };
}

export function compileTypeScript() {
  once('typescript', typescriptInputs(), join(root, 'dist', 'cli', 'main.js'), () => {
    say('setting up: TypeScript');
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    if (run(process.execPath, [tsc, '-p', 'tsconfig.build.json']) !== 0)
      fail('the TypeScript sources do not compile');
  });
}

/**
 * Builds the addon; true if it is there. A machine that cannot build it has the same kernels as WebAssembly, which
 * are kept with the sources.
 */
export function buildAddon() {
  const build = [join(root, 'scripts', 'build-native.mjs')];
  const done = spawnSync(process.execPath, build, {
    cwd: root,
    stdio: ['ignore', 2, 'pipe'],
    encoding: 'utf8',
  });
  const said = done.stderr.trim();
  if (done.status === 2) {
    say(`using the WebAssembly kernels, which take about three times as long as compiled ones: ${said}`);
  } else {
    if (said !== '') say(said);
    if (done.status !== 0) fail('the C++ kernels do not compile; the lines above say why');
  }
  return done.status === 0;
}

/** Returns whether the addon is there; without it the WebAssembly kernels do its work. */
export function setup({ typescript = true } = {}) {
  checkNode();
  installDependencies();
  if (typescript) compileTypeScript();
  return buildAddon();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
