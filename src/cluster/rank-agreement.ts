/**
 * Before ranks train together they make sure that they would train the same: rank 0 says what its run is, the others
 * open the same and compare.
 */
import { hostname } from 'node:os';
import type { Backend } from '../backends/backend.ts';
import { ShiftAddError } from '../core/errors.ts';
import { fingerprint } from '../data/fingerprint.ts';
import type { RunConfig } from '../runs/options.ts';
import type { JobContext } from '../runs/pipeline/context.ts';
import { openJobContext } from '../runs/pipeline/job-context.ts';
import { shareJson } from '../runs/ranks/messages.ts';
import { loadSpace } from '../spaces/load.ts';
import { parseSpace } from '../spaces/schema.ts';
import type { Space } from '../spaces/space.ts';
import type { Ranks } from '../training/ranks.ts';
import { version } from '../version.ts';
import { probe } from './probe.ts';

/** All that opening a run takes; a space may come from a file that only rank 0 has. */
interface Invitation {
  readonly version: string;
  readonly config: RunConfig;
  readonly space: Space;
}

/** What ranks must have in common beside it. */
interface Card {
  /** Of the data (src/data/fingerprint.ts). */
  readonly data: string;
  /** What the backend computes (probe.ts): weights of ranks that round differently would drift apart. */
  readonly bits: string;
}

type Opened = Omit<JobContext, 'checkpoints' | 'saveEvery'>;

/** Bytes of a rank's reason not to train. */
const REASON = 1024;

/** Rank 0: the settings of the run, to all. */
export function invite(ranks: Ranks, config: RunConfig): void {
  shareJson<Invitation>(ranks, { version, config, space: loadSpace(config.space) });
}

/** Rank 0, once it has opened its data: throws 'data' when a rank cannot train the same. */
export async function awaitRanks(ranks: Ranks, context: Opened): Promise<Ranks> {
  shareJson(ranks, await cardOf(context));
  const reasons = collectReasons(ranks, '');
  const rank = reasons.findIndex((reason) => reason !== '');
  if (rank >= 0) throw new ShiftAddError('data', `rank ${rank} cannot take part: ${reasons[rank]}`, { rank });
  return ranks;
}

/** A rank above 0: opens what rank 0 opened. Undefined when ranks do not agree; rank 0 says why. */
export async function acceptInvitation(ranks: Ranks, backend: Backend): Promise<Opened | undefined> {
  const invitation = shareJson<Invitation>(ranks);
  const opened = await open(invitation, backend);
  const mine = typeof opened === 'string' ? undefined : await cardOf(opened);
  const card = shareJson<Card>(ranks);
  const own = typeof opened === 'string' ? opened : differs(card, mine as Card, opened);
  const reasons = collectReasons(ranks, own === '' ? '' : `on ${hostname()}, ${own}`);
  return typeof opened === 'string' || reasons.some((reason) => reason !== '') ? undefined : opened;
}

async function cardOf({ backend, dataset }: Opened): Promise<Card> {
  return { data: fingerprint(dataset), bits: await probe(backend) };
}

/** The opened run, or why it cannot be opened. */
async function open(invitation: Invitation, backend: Backend): Promise<Opened | string> {
  if (invitation.version !== version) {
    return `this is shiftaddnas ${version}, but rank 0 is ${invitation.version}; install the same version everywhere`;
  }
  const { config, space } = invitation;
  try {
    return await openJobContext(config, parseSpace(space, 'the space of rank 0'), { backend, workers: 1 });
  } catch (error) {
    if (error instanceof ShiftAddError) return error.message;
    throw error;
  }
}

function differs(card: Card, mine: Card, { config, backend }: Opened): string {
  if (card.data !== mine.data) {
    return `${config.data} has fingerprint ${mine.data.slice(0, 12)}, but on rank 0 ${card.data.slice(0, 12)}; put the same data there`;
  }
  if (card.bits !== mine.bits) {
    return `${backend.description} computes other last bits than rank 0; set SHIFTADDNAS_ISA to what all machines have`;
  }
  return '';
}

/** What every rank has to say, by rank; rank 0 and the others call with their own. */
function collectReasons(ranks: Ranks, own: string): string[] {
  const bytes = new Float32Array(ranks.size * REASON);
  bytes.set(Buffer.from(own).subarray(0, REASON), ranks.rank * REASON);
  ranks.sumNumbers(bytes);
  return Array.from({ length: ranks.size }, (_, rank) =>
    Buffer.from(bytes.subarray(rank * REASON, (rank + 1) * REASON))
      .toString('utf8')
      .replace(/\0+$/, ''),
  );
}
