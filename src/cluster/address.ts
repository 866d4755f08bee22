/** Where the database is, as `--cluster` takes it; what is shown of it never holds a password. */
import { ShiftAddError } from '../core/errors.ts';

export interface ClusterAddress {
  /** For the driver. What it leaves out comes from PGHOST, PGUSER, PGPASSWORD, PGDATABASE, ~/.pgpass. */
  readonly connection: string;
  /** For people and journals: host, port and database. */
  readonly shown: string;
}

/** @throws ShiftAddError 'usage'; its sentence does not repeat the text, which may hold a password */
export function clusterAddress(text: string): ClusterAddress {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text) ?? [];
  if (rest === undefined) throw noAddress('it does not begin with postgres://');
  try {
    // An address may lack its host, which other schemes must have.
    const { host, pathname } = new URL(`http://${rest.replace(/^([^/@]*@)?(?=[/?]|$)/, '$1default')}`);
    return { connection: text, shown: `postgres://${host === 'default' ? '' : host}${pathname}` };
  } catch {
    throw noAddress(
      'it cannot be read (are special characters of the password written as %40 and the like?)',
    );
  }
}

function noAddress(reason: string): ShiftAddError {
  return new ShiftAddError(
    'usage',
    `--cluster takes postgres://user@host:5432/database, but ${reason}; give the address of the database, and its password in PGPASSWORD or ~/.pgpass`,
  );
}
