/** What `export` makes of a network: an artefact that has been proved, and not been written yet. */
import type { Backend } from '../../backends/backend.ts';
import type { OpenedNetwork } from '../../runs/network-files.ts';
import type { OpenedTranslator } from '../../runs/translation/files.ts';
import type { CommandContext } from '../command.ts';

export interface Artefact {
  /** Where it goes in the run's export folder unless --out says otherwise: a file, or a folder. */
  readonly place: string;
  /** Contents by name within a folder; one without a name is a file of its own. Written in this order. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Largest difference between what it says and what the network says; null where nobody could compute it. */
  readonly maxDifference: number | null;
  /** How that was found. */
  readonly lines: readonly string[];
  readonly json: object;
}

export interface Exporting {
  /** As given on the command line. */
  readonly dir: string;
  readonly opened: OpenedNetwork;
  readonly backend: Backend;
  readonly context: CommandContext;
}

/** The same of a translator. */
export interface TranslatorExporting extends Omit<Exporting, 'opened'> {
  readonly opened: OpenedTranslator;
}

export type TranslatorExporter = (exporting: TranslatorExporting) => Promise<Artefact>;

export type Exporter = (exporting: Exporting) => Promise<Artefact>;

export const oneFile = (bytes: Uint8Array): ReadonlyMap<string, Uint8Array> => new Map([['', bytes]]);
