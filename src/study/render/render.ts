/** The study's section of docs/results.md, from its journal and nothing else. */
import { showDuration } from '../../runs/duration.ts';
import { type CellLine, newestCells, type StartLine, type StudyLine } from '../journal.ts';
import { type TruePath, truePaths } from '../rank.ts';
import { algorithmSection } from './algorithm-section.ts';
import { addExpectation, rankExpectation, sharingExpectation } from './expectations.ts';
import { pick, setsOf } from './findings.ts';
import { networkSection, operatorSection } from './network-section.ts';
import { rankingSection } from './ranking-section.ts';
import { sharingSection } from './sharing-section.ts';
import { weightsSection } from './weights-section.ts';

const TITLES: Readonly<Record<string, string>> = {
  cifar10: 'CIFAR-10',
  'fashion-mnist': 'Fashion-MNIST',
  glyphs: 'drawn glyphs',
};
const titleOf = (set: string) => TITLES[set] ?? set;

/** Markdown; headings start at the second level. What a clock decides stands in the line that starts with `Computed`. */
export function renderStudy(lines: readonly StudyLine[]): string {
  const starts = lines.filter((line): line is StartLine => line.type === 'start');
  const cells = newestCells(lines);
  if (starts.length === 0 || cells.length === 0) return '## The study\n\nNothing is finished yet.\n';
  const sets = setsOf(cells);
  const truths = new Map(sets.map((set) => [set, truePaths(pick(cells, set, 'truth'))]));
  const parts = [
    '## The study',
    opening(starts[starts.length - 1], starts, cells),
    '### What was expected, and what came out',
    expectations(cells, sets, truths),
    ...sets.flatMap((set) => setSections(cells, set, truths.get(set) ?? [])),
    ...failures(cells),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function opening(
  { command, settings }: StartLine,
  starts: readonly StartLine[],
  cells: readonly CellLine[],
): string {
  const { run, space, shortEpochs, longEpochs, epochs } = settings;
  const {
    trainLimit = 0,
    validation = 0,
    batch = 0,
    limitEnergy = '',
    population = 0,
    generations = 0,
  } = run;
  const machines = [...new Set(starts.map(({ machine }) => showMachine(machine)))].join('; ');
  const commits = [...new Set(cells.map(({ commit }) => commit?.slice(0, 7) ?? 'unknown'))].join(', ');
  const seconds = cells.reduce((sum, cell) => sum + cell.seconds, 0);
  return `\`\`\`sh
${command}
\`\`\`

This section is written by the command above from its journal; do not edit it. Space \`${space}\`;
${trainLimit - validation} training images and ${validation} held-out ones of each set, the same for all seeds. Everything is chosen
by held-out images; the test set is measured once for each network that is trained alone. Epochs: ${shortEpochs} of
supernets (short), ${longEpochs} (long), ${epochs} of networks alone, with one recipe: AdamW, cosine, batches of ${batch}. Paths are
drawn uniformly over tuples of stage lengths. Searches have ${population * generations} evaluations and a limit of ${limitEnergy} of the
all-convolution network's energy at 32 bits. All networks are trained in 32-bit floating point and priced at 32 and at 8
bits by \`shiftaddnas-released\`; nothing was trained for 8 bits. "±" is the standard deviation over seeds, where there
are several.

Computed: ${cells.length} cells in ${showDuration(seconds)} on ${machines}; commits ${commits}.`;
}

/** `Intel(R) Xeon(R) Processor, 2 cores, 24 GiB, linux x64, Node 20.20.2, native: avx512, 2 threads` */
function showMachine({ processor, cores, memoryGiB, system, node, backend }: StartLine['machine']): string {
  return `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, ${backend}`;
}

function expectations(
  cells: readonly CellLine[],
  sets: readonly string[],
  truths: ReadonlyMap<string, readonly TruePath[]>,
): string {
  const list = (of: (set: string) => string | readonly string[]) =>
    sets.flatMap((set) => [of(set)].flat().map((text) => `   - ${titleOf(set)}: ${text}`)).join('\n');
  return `A finding is decided when it is two standard errors, over seeds, away from its bound; with two or three seeds that is a
weak test, and with one seed nothing is decided.

1. Sharing all three families with \`affine\` and moments per operator is not below no sharing in supernet accuracy, at 60 %
   fewer parameters, after short and after long training and without a scale of the adders that runs away:
${list((set) => sharingExpectation(cells, set))}
2. Kendall's tau by cross-entropy is at least 0.6 where stand-alone networks differ by more than their seeds do:
${list((set) => rankExpectation(cells, set, truths.get(set) ?? []))}
3. All-add with the bounded scaled adder comes within 3 points of all-convolution:
${list((set) => addExpectation(cells, set))}`;
}

function setSections(cells: readonly CellLine[], set: string, truth: readonly TruePath[]): string[] {
  const title = titleOf(set);
  const section = (name: string, note: string, body: string) =>
    body === '' ? [] : [`### ${title}: ${name}`, note, body];
  return [
    ...section(
      'sharing schemes',
      'Accuracy and loss of supernets are means over random paths on held-out images, with norms recalibrated for each path. Tau and rho compare the losses of the ranked paths with those after training alone (95 % interval, paths resampled). Winners of all schemes are trained with the same adders and shifts, those of the default.',
      sharingSection(cells, set, truth),
    ),
    ...section(
      'ranked paths',
      'One path from each of equal parts of the range of energy, trained alone; all schemes are compared with these.',
      rankingSection(truth),
    ),
    ...section(
      'networks trained alone',
      'One recipe for all, short of what each could reach.',
      networkSection(cells, set),
    ),
    ...section(
      'operators',
      'One supernet for each set of operators, searched under the energy of the all-convolution network, which networks of convolutions alone can meet too; the winners, trained alone.',
      operatorSection(cells, set),
    ),
    ...section(
      'search algorithms',
      'All on one trained supernet (the default scheme, its first seed) with equal budget. Loss and accuracy are those of the supernet on held-out images; hypervolume is the dominated share of the box up to the loss of guessing and the energy limit. Seeds are those of the search.',
      algorithmSection(cells, set),
    ),
    ...section(
      'distributions of trained weights',
      'Log-likelihood per weight, in nats, under the Gaussian and the Laplacian that fit each tensor best. Weights of add are taken before their scale and offset, those of shift before they are rounded.',
      weightsSection(cells, set),
    ),
  ];
}

function failures(cells: readonly CellLine[]): string[] {
  const failed = cells.flatMap(({ id, figures }) =>
    figures.kind === 'failure' ? [`- \`${id}\`: ${figures.text}`] : [],
  );
  return failed.length === 0 ? [] : ['### Cells that could not be finished', failed.join('\n')];
}
