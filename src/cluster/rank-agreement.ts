/**
 * Before ranks train together they make sure that they would train the same: rank 0 says what its run is, the others
 * open the same and compare. Subwords are rank 0's: the others are given them and split their sentences by them.
 */
import { hostname } from 'node:os';
import type { Backend } from '../backends/backend.ts';
import { ShiftAddError } from '../core/errors.ts';
import { fingerprint, fingerprintPairs, fingerprintSubwords } from '../data/fingerprint.ts';
import type { StoreOptions } from '../data/picturestore.ts';
import type { SubwordModel } from '../data/text/model.ts';
import { isTranslationSource } from '../data/text/open.ts';
import { Subwords } from '../data/text/subwords.ts';
import type { RunConfig } from '../runs/options.ts';
import { openJobContext } from '../runs/pipeline/job-context.ts';
import { hasSentences, type OpenedRank, type SentenceRank } from '../runs/ranks/follow.ts';
import { shareJson } from '../runs/ranks/messages.ts';
import { encodeSentences, openPairs } from '../runs/translation/context.ts';
import { type AnySpace, loadAnySpace } from '../spaces/load.ts';
import { parseSpace } from '../spaces/schema.ts';
import { parseTranslationSpace } from '../spaces/seq2seq/schema.ts';
import type { Ranks } from '../training/ranks.ts';
import { version } from '../version.ts';
import { probe } from './probe.ts';
import { programCode, shortCode } from './program-code.ts';

/** All that opening a run takes; a space may come from a file that only rank 0 has. */
interface Invitation {
  readonly version: string;
  /** Of the program (program-code.ts). */
  readonly code: string;
  readonly config: RunConfig;
  readonly space: AnySpace;
}

/** What ranks must have in common beside it. */
interface Card {
  /** Of the data (src/data/fingerprint.ts). */
  readonly data: string;
  /** What the backend computes (probe.ts): weights of ranks that round differently would drift apart. */
  readonly bits: string;
  /** Of a run on sentences: how they become subwords, and the fingerprint of what they become. */
  readonly subwords?: { readonly model: SubwordModel; readonly encoded: string };
}

/** What a rank has read by itself; `open` makes a run of it with what rank 0 says. */
interface Read extends Omit<Card, 'subwords'> {
  open(card: Card): OpenedRank;
}

/** Bytes of a rank's reason not to train. */
const REASON = 1024;

/** Rank 0: the settings of the run, to all. */
export function invite(ranks: Ranks, config: RunConfig): void {
  shareJson<Invitation>(ranks, { version, code: programCode(), config, space: loadAnySpace(config.space) });
}

/** Rank 0, once it has opened its data: throws 'data' when a rank cannot train the same. */
export async function awaitRanks(ranks: Ranks, opened: OpenedRank): Promise<Ranks> {
  shareJson<Card>(ranks, await cardOf(opened));
  const reasons = collectReasons(ranks, '');
  const rank = reasons.findIndex((reason) => reason !== '');
  if (rank >= 0) throw new ShiftAddError('data', `rank ${rank} cannot take part: ${reasons[rank]}`, { rank });
  return ranks;
}

/** A rank above 0: opens what rank 0 opened. Undefined when ranks do not agree; rank 0 says why. */
export async function acceptInvitation(
  ranks: Ranks,
  backend: Backend,
  store?: StoreOptions,
): Promise<OpenedRank | undefined> {
  const invitation = shareJson<Invitation>(ranks);
  const read = await orReason(() => readData(invitation, backend, store));
  const card = shareJson<Card>(ranks);
  const opened =
    typeof read === 'string' ? read : await orReason(() => agree(invitation, card, read, backend));
  const reasons = collectReasons(ranks, typeof opened === 'string' ? `on ${hostname()}, ${opened}` : '');
  return typeof opened === 'string' || reasons.some((reason) => reason !== '') ? undefined : opened;
}

async function cardOf(opened: OpenedRank): Promise<Card> {
  const bits = await probe(opened.backend);
  if (!hasSentences(opened)) return { data: fingerprint(opened.dataset), bits };
  const { dataset, subwords } = opened;
  return {
    ...{ data: fingerprintPairs(dataset), bits },
    subwords: { model: subwords.model, encoded: fingerprintEncoded(opened) },
  };
}

const fingerprintEncoded = ({ encoded: { train, valid, test } }: SentenceRank) =>
  fingerprintSubwords([train, valid, test]);

/** What `work` returns, or the sentence of the error that it throws. */
async function orReason<T>(work: () => T | Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ShiftAddError) return error.message;
    throw error;
  }
}

/** Throws what opening the data throws, and 'data' for another version or other code of the program. */
async function readData(
  invitation: Invitation,
  backend: Backend,
  store: StoreOptions | undefined,
): Promise<Read> {
  if (invitation.version !== version) {
    throw new ShiftAddError(
      'data',
      `this is shiftaddnas ${version}, but rank 0 is ${invitation.version}; install the same version everywhere`,
    );
  }
  if (invitation.code !== programCode()) {
    throw new ShiftAddError(
      'data',
      `this shiftaddnas ${version} has code ${shortCode(programCode())}, but that of rank 0 has ${shortCode(invitation.code)}; check out the same commit everywhere and build it (npm run setup)`,
    );
  }
  const { config, space } = invitation;
  const whose = 'the space of rank 0';
  if (isTranslationSource(config.data)) {
    const dataset = await openPairs(config);
    const nothingKept = {
      config,
      space: parseTranslationSpace(space, whose),
      subwordsFile: '',
      checkpoints: '',
      saveEvery: Number.POSITIVE_INFINITY,
    };
    return {
      ...{ data: fingerprintPairs(dataset), bits: await probe(backend) },
      open: ({ subwords }) => {
        const given = new Subwords((subwords as NonNullable<typeof subwords>).model);
        return encodeSentences(nothingKept, { backend, dataset, subwords: given }).context;
      },
    };
  }
  const opened = await openJobContext(config, parseSpace(space, whose), { backend, workers: 1, store });
  return { data: fingerprint(opened.dataset), bits: await probe(backend), open: () => opened };
}

/** The opened run. Throws 'data' where it is not that of rank 0. */
function agree({ config }: Invitation, card: Card, { data, bits, open }: Read, backend: Backend): OpenedRank {
  const differs = (sentence: string): never => {
    throw new ShiftAddError('data', sentence);
  };
  if (card.data !== data) {
    differs(
      `${config.data} has fingerprint ${data.slice(0, 12)}, but on rank 0 ${card.data.slice(0, 12)}; put the same data there`,
    );
  }
  if (card.bits !== bits) {
    differs(
      `${backend.description} computes other last bits than rank 0; set SHIFTADDNAS_ISA to what all machines have`,
    );
  }
  const opened = open(card);
  if (hasSentences(opened) && fingerprintEncoded(opened) !== card.subwords?.encoded) {
    differs(
      `the same sentences become other subwords than on rank 0 with Node ${process.version}; run the same version of Node everywhere`,
    );
  }
  return opened;
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
