/**
 * report.html: what a run found, on one page that needs no network, no script and no other file. It can be written
 * at any time of a run; what is not known yet is left out.
 */
import { writeFileAtomic } from '../../core/atomic.ts';
import { runPaths } from '../folder.ts';
import { architecture } from './architecture.ts';
import { type Bar, type BarStyle, bars } from './bars.ts';
import { curves, curvesOf } from './curves.ts';
import { distributions } from './distributions.ts';
import { facts } from './facts.ts';
import {
  frontOf,
  gather,
  limitsOf,
  type ReportData,
  type Retrained,
  retrained,
  shownName,
} from './gather.ts';
import { headline } from './headline.ts';
import { hypervolumes, volumeCaption, volumes } from './hypervolume.ts';
import { Markup, markup } from './markup.ts';
import {
  familyColour,
  familyOrder,
  familyText,
  levelColour,
  levelName,
  levelOrder,
  levelText,
} from './palette.ts';
import { figure } from './plot.ts';
import { rankCaption, ranking, trialsCaption } from './ranking.ts';
import { scatter } from './scatter.ts';
import { searched, searchMarks } from './searched.ts';
import { STYLE } from './style.ts';
import { table } from './table.ts';
import { type Task, taskOf } from './task.ts';

/**
 * Writes report.html of a run folder and returns its path.
 * @throws ShiftAddError 'run' when the folder is no run or a file in it is damaged; 'disk'
 */
export function writeReport(dir: string): string {
  const path = runPaths(dir).report;
  writeFileAtomic(path, reportHtml(gather(dir)));
  return path;
}

/** The page. */
export function reportHtml(data: ReportData): string {
  const task = taskOf(data);
  const networks = retrained(data);
  const body = markup`${headline(data)}
${scatterFigure(data, networks, task)}
${pictureFigure(data, task)}
${networks.length > 0 && markup`<section id="networks"><h2>Winner and baselines</h2><p class="caption">All trained with one recipe. Small figures compare with ${task.reference.caption}. A multiply-accumulate counts as one multiplication and one addition, an adder element as two additions, a shift element as one shift and one addition.</p>${table(networks, task)}</section>`}
${energyFigures(networks)}
${curveFigures(data, task)}
${searchFigure(data, task)}
${volumeFigure(data)}
${rankFigure(data, task)}
${trialsFigure(data, task)}
${histogramFigure(data)}
${facts(data)}`;
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>shiftaddnas: ${data.description.command} in ${data.dir}</title>
<style>${new Markup(STYLE)}</style></head>
<body><main>${body}<footer>Rest the pointer on a mark to see its values.</footer></main></body></html>
`;
  return page.text;
}

function scatterFigure(data: ReportData, networks: readonly Retrained[], task: Task): Markup | undefined {
  const { candidates } = data;
  if (candidates.length + networks.length === 0) return undefined;
  const scored = { candidates, front: frontOf(data), networks, limits: limitsOf(data) };
  const { candidates: apart } = task;
  if (apart === undefined) {
    return figure({ id: 'scatter', ...task.score }, (width) => scatter(scored, task.plane, task, width));
  }
  const trained = { ...scored, candidates: [], front: [] };
  const searched = { ...scored, networks: [] };
  return markup`${
    networks.length > 0 &&
    figure({ id: 'scatter', ...task.score }, (width) => scatter(trained, task.plane, task, width))
  }${
    candidates.length > 0 &&
    figure({ id: 'candidates', title: apart.title, caption: apart.caption }, (width) =>
      scatter(searched, apart.plane, task, width),
    )
  }`;
}

function pictureFigure({ result }: ReportData, task: Task): Markup | undefined {
  if (result === undefined || result.winner.blocks.length === 0) return undefined;
  const text = { id: 'winner', title: 'The winner', caption: result.winner.description + task.picture };
  return figure(text, (width) => architecture(result.winner, task, width));
}

const BY_FAMILY: BarStyle = {
  colour: familyColour,
  text: familyText,
  label: (family) => family,
  order: familyOrder,
};
const BY_LEVEL: BarStyle = { colour: levelColour, text: levelText, label: levelName, order: levelOrder };

function energyFigures(networks: readonly Retrained[]): Markup | undefined {
  const shown = networks.filter(({ full, role }) => full !== undefined && role !== 'candidate');
  if (shown.length === 0) return undefined;
  const family = shown.map(({ name, full }): Bar => {
    const parts = Object.entries(full!.byFamily).map(([key, { energyMj }]) => [key, energyMj] as const);
    return { name, parts: Object.fromEntries(parts) };
  });
  const level = shown.map(({ name, full }): Bar => ({ name, parts: full!.byLevel }));
  const wide = 480;
  return markup`<div class="pair">${figure(
    { id: 'families', title: 'Energy by operator', caption: 'What each family of layers spends.', wide },
    (width) => bars(family, BY_FAMILY, width),
  )}${figure(
    {
      id: 'levels',
      title: 'Energy by memory level',
      caption: 'Arithmetic, and moving data through each memory.',
      wide,
    },
    (width) => bars(level, BY_LEVEL, width),
  )}</div>`;
}

function curveFigures(data: ReportData, task: Task): Markup {
  const all = curvesOf(data.journal, (name) => shownName(data, name));
  const some = (what: 'loss' | 'accuracy') => all.some((curve) => curve[what].length > 0);
  const wide = 480;
  return markup`<div class="pair">${
    some('loss') &&
    figure(
      {
        id: 'loss',
        title: 'Training loss',
        caption: task.loss,
        wide,
      },
      (width) => curves(all, 'loss', width),
    )
  }${
    some('accuracy') &&
    figure(
      {
        id: 'accuracy',
        ...task.accuracy,
        wide,
      },
      (width) => curves(all, 'accuracy', width),
    )
  }</div>`;
}

function searchFigure({ candidates, journal }: ReportData, { progress, plane }: Task): Markup | undefined {
  if (candidates.length < 2) return undefined;
  const marks = searchMarks(journal);
  const text = {
    id: 'search',
    title: 'Progress of the search',
    caption: `Every candidate in the order it was scored, and the ${progress.better === 'less' ? 'lowest' : 'highest'} ${progress.name} so far. Dotted lines end generations.`,
  };
  return figure(text, (width) => searched(candidates, marks, progress, plane.right, width));
}

function volumeFigure({ journal }: ReportData): Markup | undefined {
  const found = hypervolumes(journal);
  if (found === undefined || found.search.length < 2) return undefined;
  const text = {
    id: 'hypervolume',
    title: 'Hypervolume over candidates',
    caption: volumeCaption(found),
  };
  return figure(text, (width) => volumes(found, width));
}

function rankFigure({ result }: ReportData, task: Task): Markup | undefined {
  const rank = result?.rank;
  if (rank === undefined) return undefined;
  const text = {
    id: 'rank',
    title: 'Does the supernet order networks rightly?',
    caption: rankCaption(rank, task),
    wide: 640,
  };
  return figure(text, (width) => ranking(rank.paths, width));
}

function trialsFigure({ result, description }: ReportData, task: Task): Markup | undefined {
  if (result?.search.trials === undefined) return undefined;
  const { search } = result;
  const text = {
    id: 'trials',
    title: 'Trials of candidates',
    caption: trialsCaption(search, Number(description.config.trialEpochs), task),
    wide: 640,
  };
  return figure(text, (width) => ranking(search.trials ?? [], width));
}

function histogramFigure({ histograms }: ReportData): Markup | undefined {
  if (histograms.length === 0) return undefined;
  return markup`<section id="weights"><h2>Shared and transformed weights</h2><p class="caption">Convolution reads the shared tensor as it is; add and shift read transformed copies. Lines are the best fitting Gaussian <span class="sample"></span> and Laplacian <span class="sample laplace"></span>. Below each, the mean log-likelihood of a weight: the larger fits better.</p>${distributions(histograms)}</section>`;
}
