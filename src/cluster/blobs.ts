/**
 * Weights on their way: bytes that are found by their SHA-256, in the database by run, on a worker in a folder. What
 * arrives is compared with its address, so a torn or altered blob is never computed with.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic.ts';
import { ShiftAddError } from '../core/errors.ts';
import type { Database } from './database.ts';
import { PIECE } from './tables.ts';

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The blobs of one run in the database. */
export class Blobs {
  private readonly database: Database;
  private readonly run: string;

  constructor(database: Database, run: string) {
    this.database = database;
    this.run = run;
  }

  /** Returns the address. Pieces that are there already are not sent again. */
  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = sha256Of(bytes);
    const pieces = Math.max(1, Math.ceil(bytes.length / PIECE));
    const there = await this.database.query<{ piece: number }>(
      'SELECT piece FROM shiftaddnas.blobs WHERE run = $1 AND sha256 = $2',
      [this.run, sha256],
    );
    const known = new Set(there.map(({ piece }) => piece));
    for (let piece = 0; piece < pieces; piece++) {
      if (known.has(piece)) continue;
      const part = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(
        piece * PIECE,
        (piece + 1) * PIECE,
      );
      await this.database.query(
        `INSERT INTO shiftaddnas.blobs (run, sha256, piece, pieces, bytes)
         SELECT id, $2, $3, $4, $5 FROM shiftaddnas.runs WHERE id = $1 ON CONFLICT DO NOTHING`,
        [this.run, sha256, piece, pieces, part],
      );
    }
    return sha256;
  }

  /** @throws ShiftAddError 'run' when it is not whole or not what its address says */
  async get(sha256: string): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let pieces = 1; parts.length < pieces; ) {
      const [row] = await this.database.query<{ pieces: number; bytes: Uint8Array }>(
        'SELECT pieces, bytes FROM shiftaddnas.blobs WHERE run = $1 AND sha256 = $2 AND piece = $3',
        [this.run, sha256, parts.length],
      );
      if (row === undefined) throw damaged(sha256, `its piece ${parts.length + 1} of ${pieces} is not there`);
      pieces = row.pieces;
      parts.push(row.bytes);
    }
    const bytes = Buffer.concat(parts);
    if (sha256Of(bytes) !== sha256) throw damaged(sha256, `it hashes to ${sha256Of(bytes).slice(0, 12)}`);
    return bytes;
  }

  async remove(sha256: string): Promise<void> {
    await this.database.query('DELETE FROM shiftaddnas.blobs WHERE run = $1 AND sha256 = $2', [
      this.run,
      sha256,
    ]);
  }
}

function damaged(sha256: string, what: string): ShiftAddError {
  const sentence = `a blob must be what its SHA-256 ${sha256.slice(0, 12)} says, but ${what}; resume the run, which sends it again`;
  return new ShiftAddError('run', sentence, { sha256 });
}

/** Days after which a file that nobody read is removed. */
const KEPT_DAYS = 7;

/**
 * Blobs that were fetched once, as files named by their addresses. Several workers may share the folder: files appear
 * whole, and one that was damaged on the disk is fetched again.
 */
export class BlobCache {
  private readonly folder: string;
  private readonly coming = new Map<string, Promise<Uint8Array>>();
  /** Bytes that came from the database. */
  fetched = 0;

  constructor(folder: string) {
    this.folder = folder;
    fs.mkdirSync(folder, { recursive: true });
    this.removeOld();
  }

  private removeOld(): void {
    const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
    for (const name of fs.readdirSync(this.folder)) {
      const path = join(this.folder, name);
      const { mtimeMs } = fs.statSync(path, { throwIfNoEntry: false }) ?? {
        mtimeMs: Number.POSITIVE_INFINITY,
      };
      if (mtimeMs < oldest) fs.rmSync(path, { force: true });
    }
  }

  get(sha256: string, blobs: Blobs): Promise<Uint8Array> {
    const coming = this.coming.get(sha256) ?? this.find(sha256, blobs);
    this.coming.set(sha256, coming);
    return coming.finally(() => this.coming.delete(sha256));
  }

  private async find(sha256: string, blobs: Blobs): Promise<Uint8Array> {
    const path = join(this.folder, sha256);
    if (fs.existsSync(path)) {
      const bytes = fs.readFileSync(path);
      if (sha256Of(bytes) === sha256) {
        fs.utimesSync(path, new Date(), new Date());
        return bytes;
      }
    }
    const bytes = await blobs.get(sha256);
    this.fetched += bytes.length;
    writeFileAtomic(path, bytes);
    return bytes;
  }
}
