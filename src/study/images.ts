/**
 * The cells of the study of image networks, by importance: first the main question (does sharing everything cost
 * accuracy?) with what rank correlation and the add networks need, on every data set; then the other schemes, winners,
 * operators, algorithms and the zoo once; then more seeds; then the rest of the schemes.
 */
import { DEFAULT_CONFIG, type RunConfig } from '../runs/options.ts';
import { loadSpace } from '../spaces/load.ts';
import type { Space } from '../spaces/space.ts';
import type { AlgorithmCell, Cell, NetworkCell, SupernetCell, TruthCell, WinnerCell } from './cells.ts';
import { ALL_OPERATORS, operatorSpace } from './operator-spaces.ts';
import { DEFAULT_SCHEME, SCHEMES, UNSHARED } from './schemes.ts';
import { type StudySettings, sourceOf } from './settings.ts';

/** Seconds of one training step of 64 images and of scoring a path on 1000 images, for estimates before any cell ran. */
const SUPERNET_STEP = 0.04;
const NETWORK_STEP = 0.03;
const ZOO_STEP = 0.08;
const SCORE = 0.15;
const OPENING = 2;

const UNIFORM = ['all-conv', 'all-add', 'all-shift'];

/** All cells, most important first. `folder` holds the data sets, `spaceFile` gives the file of a space that is no preset. */
export function imageCells(
  settings: StudySettings,
  folder: string,
  spaceFile: (space: Space) => string,
): Cell[] {
  const cells = settings.sets.flatMap((set, i) =>
    cellsOf(settings, set, sourceOf(set, folder), spaceFile).map((cell) => ({ cell, i })),
  );
  return cells.sort((a, b) => a.cell.wave - b.cell.wave || a.i - b.i).map(({ cell }) => cell);
}

function cellsOf(
  settings: StudySettings,
  set: string,
  data: string,
  spaceFile: (space: Space) => string,
): Cell[] {
  const whole = loadSpace(settings.space);
  const base: RunConfig = {
    ...DEFAULT_CONFIG,
    ...settings.run,
    ...{ data, space: settings.space, seed: 0 },
    ...{ supernetEpochs: settings.shortEpochs, epochs: settings.epochs },
  };
  const images = base.trainLimit - base.validation;
  const epoch = (Math.floor(images / base.batch) * base.batch) / 64;
  const training = NETWORK_STEP * epoch * settings.epochs;
  const searching = base.population * base.generations * SCORE * (base.scoreImages / 1000);
  const [first] = settings.seeds;
  /** Later seeds come later: each a step behind the one before. */
  const late = (seed: number) => settings.seeds.indexOf(seed);

  const supernet = (
    wave: number,
    scheme: string,
    length: 'short' | 'long',
    seed: number,
    operators = ALL_OPERATORS,
  ): SupernetCell => {
    const epochs = length === 'short' ? settings.shortEpochs : settings.longEpochs;
    const space = operatorSpace(whole, operators);
    const { settings: sharing } = SCHEMES.find(({ name }) => name === scheme)!;
    const rankPaths = operators === ALL_OPERATORS ? settings.rankPaths : 0;
    const place = operators === ALL_OPERATORS ? set : `${set}/${operators}`;
    return {
      kind: 'supernet',
      id: `${place}/supernet/${scheme}/${length}/${seed}`,
      part: operators === ALL_OPERATORS ? 'sharing' : 'operators',
      ...{ set, seed, wave, scheme, length, operators, space, rankPaths },
      randomPaths: settings.randomPaths,
      work:
        OPENING +
        SUPERNET_STEP * epoch * epochs +
        (settings.randomPaths + rankPaths + 3 * epochs) * SCORE * (base.validation / 1000),
      config: {
        ...base,
        ...sharing,
        space: space === whole ? settings.space : spaceFile(space),
        supernetEpochs: epochs,
      },
      needs: [],
    };
  };
  const winner = (wave: number, from: SupernetCell): WinnerCell => {
    const { seed, scheme, length, operators, config, space, part } = from;
    return {
      kind: 'winner',
      id: from.id.replace('/supernet/', '/winner/'),
      ...{ part, set, seed, wave, scheme, length, operators, config, space },
      work: OPENING + searching + training,
      needs: [from.id],
    };
  };
  const network = (wave: number, part: 'uniform' | 'zoo', name: string, seed: number): NetworkCell => ({
    kind: 'network',
    id: `${set}/network/${name}/${seed}`,
    ...{ part, set, seed, wave, network: name, space: whole, config: base, needs: [] },
    work: OPENING + (part === 'zoo' ? ZOO_STEP / NETWORK_STEP : 1) * training,
  });
  const truth = (wave: number, seed: number, index: number): TruthCell => ({
    kind: 'truth',
    id: `${set}/truth/${seed}/${index + 1}-of-${settings.rankParts}`,
    part: 'ranking',
    ...{ set, seed, wave, index, of: settings.rankParts, rankPaths: settings.rankPaths },
    ...{ space: whole, config: base, needs: [] },
    work: OPENING + training * Math.ceil((settings.rankPaths - index) / settings.rankParts),
  });
  const algorithm = (wave: number, from: SupernetCell, name: string, searchSeed: number): AlgorithmCell => ({
    kind: 'algorithm',
    id: `${set}/algorithm/${name}/${searchSeed}`,
    part: 'algorithms',
    ...{ set, seed: from.seed, wave, algorithm: name, searchSeed, config: from.config, space: whole },
    work: OPENING + searching,
    needs: [from.id],
  });

  const cells: Cell[] = [];
  const main = [UNSHARED, DEFAULT_SCHEME];
  const parts = Array.from({ length: settings.rankParts }, (_, i) => i);
  const others = settings.schemes.filter((name) => !main.includes(name));
  const sets = settings.operatorSets.filter((name) => name !== ALL_OPERATORS);
  for (const seed of settings.seeds) {
    const n = late(seed);
    const isFirst = seed === first;
    const shorts = main.map((scheme) => supernet(isFirst ? 1 : 3 + 20 * (n - 1), scheme, 'short', seed));
    cells.push(...shorts);
    for (const name of UNIFORM)
      cells.push(network((isFirst ? 2 : 4) + 20 * Math.max(0, n - 1), 'uniform', name, seed));
    for (const i of parts) cells.push(truth(isFirst ? 2 : (i === 0 ? 4 : 10) + 20 * (n - 1), seed, i));
    for (const scheme of main) cells.push(supernet(5 + 20 * n, scheme, 'long', seed));
    for (const from of shorts) cells.push(winner((from.scheme === DEFAULT_SCHEME ? 6 : 8) + 20 * n, from));
    for (const name of settings.zoo) cells.push(network(9 + 20 * n, 'zoo', name, seed));
    for (const name of settings.algorithms) cells.push(algorithm(9 + 20 * n, searched(), name, seed));
    for (const operators of sets) {
      const from = supernet(9 + 20 * n, DEFAULT_SCHEME, 'short', seed, operators);
      cells.push(from, winner(9 + 20 * n, from));
    }
    for (const [i, scheme] of others.entries()) {
      const near = i < settings.nearSchemes;
      const from = supernet((near ? 7 : 90) + 20 * n, scheme, 'short', seed);
      cells.push(from, winner((near ? 11 : 91) + 20 * n, from));
      if (scheme === 'free-scale') cells.push(supernet(12 + 20 * n, scheme, 'long', seed));
    }
  }
  return cells;

  /** All algorithms search one and the same supernet. */
  function searched(): SupernetCell {
    return cells.find(
      (cell): cell is SupernetCell =>
        cell.kind === 'supernet' && cell.scheme === DEFAULT_SCHEME && cell.length === 'short',
    )!;
  }
}
