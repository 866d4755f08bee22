/** Makes the cells of one data set: their settings, their names and how long they should take. */
import { DEFAULT_CONFIG, type RunConfig } from '../runs/options.ts';
import { loadSpace } from '../spaces/load.ts';
import type { Space } from '../spaces/space.ts';
import type { AlgorithmCell, NetworkCell, SupernetCell, TruthCell, WinnerCell } from './cells.ts';
import { ALL_OPERATORS, operatorSpace } from './operator-spaces.ts';
import { SCHEMES } from './schemes.ts';
import type { StudySettings } from './settings.ts';

/** Seconds of a training step of 64 images and of scoring a path on 1000 images, until a cell says better. */
const SUPERNET_STEP = 0.04;
const NETWORK_STEP = 0.03;
const ZOO_STEP = 0.08;
const SCORE = 0.15;
/** Of opening a run, and of measuring a network. */
const OPENING = 2;

/** Networks of convolutions alone start at 71 % of the all-convolution network of the reference shape. */
export const OPERATOR_LIMIT = '100%';

/** Paths that a supernet's training curve is made of. */
const PROBES = 3;

export interface SetPlace {
  readonly set: string;
  /** What `--data` of a run would say. */
  readonly data: string;
  /** The file of a space that is no preset. */
  spaceFile(space: Space): string;
}

export class CellMakers {
  private readonly settings: StudySettings;
  private readonly place: SetPlace;
  private readonly whole: Space;
  private readonly base: RunConfig;

  constructor(settings: StudySettings, place: SetPlace) {
    this.settings = settings;
    this.place = place;
    this.whole = loadSpace(settings.space);
    this.base = {
      ...DEFAULT_CONFIG,
      ...settings.run,
      ...{ data: place.data, space: settings.space, seed: 0 },
      ...{ supernetEpochs: settings.shortEpochs, epochs: settings.epochs },
    };
  }

  supernet(
    wave: number,
    scheme: string,
    length: 'short' | 'long',
    seed: number,
    operators = ALL_OPERATORS,
  ): SupernetCell {
    const { settings, whole, base } = this;
    const { set, spaceFile } = this.place;
    const all = operators === ALL_OPERATORS;
    const space = operatorSpace(whole, operators);
    const supernetEpochs = length === 'short' ? settings.shortEpochs : settings.longEpochs;
    const rankPaths = all ? settings.rankPaths : 0;
    const scored = settings.randomPaths + rankPaths + PROBES * supernetEpochs;
    const sharing = SCHEMES.find(({ name }) => name === scheme)?.settings;
    return {
      kind: 'supernet',
      id: `${all ? set : `${set}/${operators}`}/supernet/${scheme}/${length}/${seed}`,
      part: all ? 'sharing' : 'operators',
      ...{ set, seed, wave, scheme, length, operators, space, rankPaths, needs: [] },
      randomPaths: settings.randomPaths,
      work: OPENING + SUPERNET_STEP * this.steps(supernetEpochs) + (scored * SCORE * base.validation) / 1000,
      config: {
        ...{ ...base, ...sharing, supernetEpochs },
        space: all ? settings.space : spaceFile(space),
      },
    };
  }

  winner(wave: number, from: SupernetCell): WinnerCell {
    const { part, set, seed, scheme, length, operators, config, space } = from;
    return {
      kind: 'winner',
      id: from.id.replace('/supernet/', '/winner/'),
      ...{ part, set, seed, wave, scheme, length, operators, config, space },
      work: OPENING + this.searching() + this.training(),
      needs: [from.id],
    };
  }

  /** Its winner under a limit that every set of operators can meet. */
  operatorWinner(wave: number, from: SupernetCell): WinnerCell {
    const winner = this.winner(wave, from);
    return {
      ...winner,
      part: 'operators',
      id: `${this.place.set}/${from.operators}/winner/${from.seed}`,
      config: { ...winner.config, limitEnergy: OPERATOR_LIMIT },
    };
  }

  network(wave: number, part: 'uniform' | 'zoo', name: string, seed: number): NetworkCell {
    const { set } = this.place;
    return {
      kind: 'network',
      id: `${set}/network/${name}/${seed}`,
      ...{ part, set, seed, wave, network: name, space: this.whole, config: this.base, needs: [] },
      work: OPENING + (part === 'zoo' ? ZOO_STEP / NETWORK_STEP : 1) * this.training(),
    };
  }

  truth(wave: number, seed: number, index: number): TruthCell {
    const { set } = this.place;
    const { rankPaths, rankParts } = this.settings;
    return {
      kind: 'truth',
      id: `${set}/truth/${seed}/${index + 1}-of-${rankParts}`,
      part: 'ranking',
      ...{ set, seed, wave, index, of: rankParts, rankPaths },
      ...{ space: this.whole, config: this.base, needs: [] },
      work: OPENING + this.training() * Math.ceil((rankPaths - index) / rankParts),
    };
  }

  algorithm(wave: number, from: SupernetCell, name: string, searchSeed: number): AlgorithmCell {
    const { set, seed, config } = from;
    return {
      kind: 'algorithm',
      id: `${set}/algorithm/${name}/${searchSeed}`,
      part: 'algorithms',
      ...{ set, seed, wave, algorithm: name, searchSeed, config, space: this.whole },
      work: OPENING + this.searching(),
      needs: [from.id],
    };
  }

  /** Steps of 64 images. */
  private steps(epochs: number): number {
    const { trainLimit, validation } = this.base;
    return (epochs * (trainLimit - validation)) / 64;
  }

  private training(): number {
    return NETWORK_STEP * this.steps(this.settings.epochs);
  }

  private searching(): number {
    const { population, generations, scoreImages } = this.base;
    return (population * generations * SCORE * scoreImages) / 1000;
  }
}
