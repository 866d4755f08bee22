/** Why a worker cannot do a run's jobs: one sentence, or undefined where it can. What is cheap to know comes first. */
import { version } from '../version.ts';
import { programCode, shortCode } from './program-code.ts';
import { PROTOCOL, type RunCard } from './run-card.ts';

/** Asked before anything else in the card is read: another version may mean something else by it. */
export function refuseProgram(card: Pick<RunCard, 'protocol' | 'version' | 'code'>): string | undefined {
  if (card.protocol === PROTOCOL && card.version === version) return refuseCode(card);
  return `a worker must be of the version that searches, but this one is shiftaddnas ${version} (protocol ${PROTOCOL}), and the run was started by ${card.version} (protocol ${card.protocol}); install the same version on both`;
}

function refuseCode({ code }: Pick<RunCard, 'code'>): string | undefined {
  const mine = programCode();
  if (code === mine) return undefined;
  return `a worker must run the code that searches, but this shiftaddnas ${version} has code ${shortCode(mine)}, and the one that started the run has ${shortCode(code)}; check out the same commit on both and build it (npm run setup)`;
}

/** `mine`: description and probe of the worker's backend. */
export function refuseBackend(
  card: Pick<RunCard, 'computes' | 'probe'>,
  mine: Pick<RunCard, 'computes' | 'probe'>,
): string | undefined {
  if (card.probe === mine.probe) return undefined;
  return `a worker must compute the same bits as the searching machine, but this one (${mine.computes}) and the run (${card.computes}) differ; choose the same --backend and SHIFTADDNAS_ISA on both, or start the worker with --mixed if last bits may differ`;
}

/** `mine`: the fingerprint of what the worker read, and where from. */
export function refuseData(
  card: Pick<RunCard, 'data' | 'config'>,
  mine: string,
  source: string,
): string | undefined {
  if (card.data === mine) return undefined;
  return `a worker must have the data of the run, but ${source} has fingerprint ${mine.slice(0, 12)} here, and the run's ${card.config.data} has ${card.data.slice(0, 12)}; give the worker the same data with --data`;
}
