// docs/cli.md from the command records and the option tables. scripts/docs-cli.test.ts fails when the file is not
// what this writes.
//
//   node scripts/docs-cli.mjs            writes docs/cli.md
//   node scripts/docs-cli.mjs --check    exit code 1 when it differs
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileTypeScript, root } from './setup.mjs';

export const documentPath = join(root, 'docs', 'cli.md');

const flagOf = (key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const cell = (text) => String(text).replaceAll('|', '\\|');
const code = (text) => `\`${text}\``;

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function takenBy({ kind, choices, placeholder = kind, bare, several }) {
  if (choices) return choices.join('|');
  if (several) return `${placeholder}, again`;
  return bare === undefined ? placeholder : `[${placeholder}]`;
}

function optionRow([key, option]) {
  const takes = option.kind === 'boolean' ? '' : code(cell(takenBy(option)));
  // Settings that a preset may change carry their default in brackets at the end of the help.
  const [, help, bracketed] = /^(.*?)(?: \[([^\]]+)\])?$/s.exec(option.help);
  const initial = option.initial ?? bracketed;
  return [code(flagOf(key)), takes, initial === undefined ? '' : code(cell(initial)), cell(help)];
}

const HEAD = ['flag', 'takes', 'default', 'meaning'];

/** A command whose options contain all of a large earlier command's is described by the difference. */
function optionsOf(command, earlier) {
  const entries = Object.entries(command.options);
  const base = earlier.find((other) => {
    const others = Object.entries(other.options);
    return others.length >= 10 && others.every(([key, option]) => command.options[key] === option);
  });
  const own = base === undefined ? entries : entries.filter(([key]) => !(key in base.options));
  const rows = own.length === 0 ? '' : table(HEAD, own.map(optionRow));
  const inherited = base === undefined ? '' : `All flags of \`${base.name}\` as well.`;
  return [rows, inherited].filter((text) => text !== '').join('\n\n');
}

function sectionOf(command, earlier) {
  const usage = `shiftaddnas ${command.name} [options]${command.positional ? ` ${command.positional}` : ''}`;
  const summary = `${command.summary[0].toUpperCase()}${command.summary.slice(1)}.`;
  const examples = ['```sh', ...command.examples, '```'].join('\n');
  return [`## ${command.name}`, summary, code(usage), optionsOf(command, earlier), examples]
    .filter((text) => text !== '')
    .join('\n\n');
}

function presetsOf(presets) {
  const settings = (chosen) =>
    Object.entries(chosen)
      .map(([key, value]) => code(`${flagOf(key)} ${value}`))
      .join(' ');
  const rows = Object.entries(presets).flatMap(([name, { title, images, sentences }]) =>
    Object.entries({ images, sentences })
      .filter(([, chosen]) => chosen !== undefined)
      .map(([data, chosen]) => [code(name), data, cell(title), settings(chosen)]),
  );
  return `## Presets\n\n${table(['name', 'data', 'for', 'settings'], rows)}`;
}

function sourcesOf(sources) {
  const shape = { none: '', folder: ':DIR', 'folder or download': ':DIR or :' };
  const rows = sources.map(({ name, place, reads }) => [code(`${name}${shape[place]}`), cell(reads)]);
  return `## Data sources\n\nWhat \`--data\` takes.\n\n${table(['source', 'reads'], rows)}`;
}

function acceleratorsOf(accelerators) {
  const rows = accelerators.map(({ name, description, units }) => [
    code(name),
    Object.keys(units)
      .sort((a, b) => b - a)
      .join(', '),
    cell(description),
  ]);
  return `## Accelerators\n\nWhat \`--accelerator\` takes, besides the path of a JSON file; see [hardware.md](hardware.md).\n\n${table(['name', 'bits', 'what it is'], rows)}`;
}

const OPENING = `<!-- written by scripts/docs-cli.mjs from the option tables; do not edit -->
# Command line

Every command takes \`--json\`: it prints one JSON object on stdout and nothing else there. Progress and messages go to
stderr. \`--help\` works for every command.

A \`--config\` file is one JSON object. Its keys are the flags in camel case: \`--limit-energy\` is \`"limitEnergy"\`. Flags
win over the file, the file wins over what a space says of its adders, that wins over the preset, and the preset over the
defaults below. Unknown flags and unknown keys are errors.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C (the run can be resumed).`;

export function cliDocument({ commands, presets, sources, accelerators, spaces }) {
  const sections = commands.map((command, i) => sectionOf(command, commands.slice(0, i)));
  const named = `## Spaces\n\nWhat \`--space\` takes, besides the path of a JSON file: ${spaces.map(code).join(', ')}.`;
  return `${[OPENING, ...sections, presetsOf(presets), sourcesOf(sources), acceleratorsOf(accelerators), named].join('\n\n')}\n`;
}

async function main() {
  compileTypeScript();
  const load = (path) => import(pathToFileURL(join(root, 'dist', path)).href);
  const text = cliDocument({
    commands: (await load('cli/all-commands.js')).COMMANDS,
    presets: (await load('runs/presets.js')).PRESETS,
    sources: (await load('data/open.js')).IMAGE_SOURCES,
    accelerators: (await load('hardware/index.js')).ACCELERATORS,
    spaces: (await load('spaces/load.js')).anySpaceNames(),
  });
  if (!process.argv.includes('--check')) writeFileSync(documentPath, text);
  else if (readFileSync(documentPath, 'utf8') !== text) {
    console.error('docs/cli.md is not what the option tables say; run: node scripts/docs-cli.mjs');
    process.exitCode = 1;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === join(root, 'scripts', 'docs-cli.mjs')) await main();
