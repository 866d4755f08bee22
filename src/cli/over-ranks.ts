/**
 * A command under `mpirun`: rank 0 does what the command does, the others train the supernet with it and then wait, for
 * mpirun ends everything as soon as one process ends badly.
 */
import { isBound, type MpiRanks, openRanks, threadsOfRank } from '../cluster/mpi.ts';
import { acceptInvitation, awaitRanks, invite } from '../cluster/rank-agreement.ts';
import type { RunConfig } from '../runs/options.ts';
import type { SessionOptions } from '../runs/pipeline/session.ts';
import { followSupernet } from '../runs/ranks/follow.ts';
import { type CommandContext, NOTHING } from './command.ts';
import { openBackendOf, storeOf, threadsOf } from './run-options.ts';

/** How long a run that failed waits for the other ranks, milliseconds: they may be blocked by its failure. */
const PATIENCE = 2000;

/** What rank 0 does for the others. */
export interface Leading {
  /** Tells them the settings; what a session needs to meet them. */
  invite(config: RunConfig): Pick<SessionOptions, 'ranks'>;
}

/** `lead` is the whole command; it is given nothing where there are no other ranks. */
export async function overRanks(
  context: CommandContext,
  lead: (ranks: Leading | undefined) => Promise<object>,
): Promise<object> {
  const ranks = openRanks(threadsOf(context).threads);
  if (ranks === undefined) return lead(undefined);
  if (ranks.rank > 0) {
    await follow(context, ranks);
    await ranks.leave();
    return NOTHING;
  }
  if (isBound() && !context.json) process.stderr.write(`${BOUND}\n`);
  let done = false;
  try {
    const result = await lead({
      invite: (config) => {
        invite(ranks, config);
        return { ranks: (opened) => awaitRanks(ranks, opened) };
      },
    });
    done = true;
    return result;
  } finally {
    await ranks.leave(done ? undefined : PATIENCE);
  }
}

const BOUND =
  'note: mpirun has bound each rank to a part of the processors, and what follows the supernet has no more; for all of them: mpirun --bind-to none';

async function follow(context: CommandContext, ranks: MpiRanks): Promise<void> {
  const { threads = threadsOfRank() } = threadsOf(context);
  const backend = await openBackendOf(context, { threads, shared: true });
  try {
    const opened = await acceptInvitation(ranks, backend, { ...storeOf(context), mayWait: true });
    if (opened !== undefined) await followSupernet(opened, ranks);
  } finally {
    backend.dispose();
  }
}
