/** What every measurement is given. */
import type { Backend } from '../backends/backend.ts';
import type { BackendName } from '../backends/open.ts';
import type { PeakMeter } from '../backends/peaks.ts';
import { ShiftAddError } from '../core/errors.ts';
import type { Peer } from './peer.ts';

export interface Measuring {
  readonly backend: Backend;
  /** Opens the same backend again, with other threads or in another process. */
  readonly backendName: BackendName;
  /** Absent where a backend has no peaks to measure. */
  readonly peaks: PeakMeter | undefined;
  readonly peer: Peer | undefined;
  /** Another process of the peer, that has computed nothing yet; absent without a peer. */
  readonly freshPeer: (() => Promise<Peer>) | undefined;
  readonly rounds: number;
  /** Also what takes minutes. */
  readonly long: boolean;
  readonly signal: AbortSignal;
  /** What a person should read before the table: what could not be measured, and why. */
  readonly note?: (text: string) => void;
  /** Part of the current group that is done, 0 to 1. */
  progress(done: number): void;
}

/** Throws 'interrupted' when the user asked to stop. */
export function stopIfAsked({ signal }: Measuring): void {
  if (signal.aborted) throw new ShiftAddError('interrupted', 'stopped; nothing was kept, start it again');
}
