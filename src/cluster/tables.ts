/**
 * What the database holds beside pg-boss's queues. Everything belongs to a run and goes with it.
 *
 *   runs      what a worker must know to take part (empty until all of it was sent), and when its searching machine was
 *             last there
 *   blobs     weights in pieces, found by the SHA-256 of the whole
 *   results   the first result of each job; a later one is ignored
 *   events    what a training tells, numbered; what is told twice is held once
 *   workers   who takes part, or the sentence why not
 */

/** Schema of pg-boss's tables: apart from those of other programs that use pg-boss in the same database. */
export const QUEUES = 'shiftaddnas_jobs';

/** A piece of a blob, bytes: small enough that no statement takes long. */
export const PIECE = 1 << 20;

/**
 * One text, one transaction. The lock is there because CREATE IF NOT EXISTS fails when two do it at once; pg-boss, which
 * fills its schema, does not lock that.
 */
export const TABLES = `
SELECT pg_advisory_xact_lock(7236528014);
CREATE SCHEMA IF NOT EXISTS shiftaddnas;
CREATE SCHEMA IF NOT EXISTS ${QUEUES};
CREATE TABLE IF NOT EXISTS shiftaddnas.runs (
  id uuid PRIMARY KEY,
  description text NOT NULL,
  opened timestamptz NOT NULL DEFAULT now(),
  seen timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS shiftaddnas.blobs (
  run uuid NOT NULL REFERENCES shiftaddnas.runs ON DELETE CASCADE,
  sha256 text NOT NULL,
  piece int NOT NULL,
  pieces int NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (run, sha256, piece)
);
CREATE TABLE IF NOT EXISTS shiftaddnas.results (
  run uuid NOT NULL REFERENCES shiftaddnas.runs ON DELETE CASCADE,
  job uuid NOT NULL,
  outcome text NOT NULL,
  origin text NOT NULL,
  PRIMARY KEY (run, job)
);
CREATE TABLE IF NOT EXISTS shiftaddnas.events (
  run uuid NOT NULL REFERENCES shiftaddnas.runs ON DELETE CASCADE,
  job uuid NOT NULL,
  at int NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (run, job, at)
);
CREATE TABLE IF NOT EXISTS shiftaddnas.workers (
  run uuid NOT NULL REFERENCES shiftaddnas.runs ON DELETE CASCADE,
  worker text NOT NULL,
  slots int NOT NULL,
  about text NOT NULL,
  seen timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, worker)
);
`;
