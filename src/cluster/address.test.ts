import { expect, test } from 'vitest';
import { clusterAddress } from './address.ts';

test.each([
  ['postgres://user:secret@host:5432/jobs', 'postgres://host:5432/jobs'],
  ['postgresql://user:secret@host/jobs?sslmode=require&password=secret', 'postgres://host/jobs'],
  ['postgres://host', 'postgres://host/'],
  ['postgres://user:secret@/jobs', 'postgres:///jobs'],
  ['postgres:///jobs?host=/run/postgresql', 'postgres:///jobs'],
  ['postgres://', 'postgres:///'],
])('%s is shown as %s', (text, shown) => {
  expect(clusterAddress(text)).toEqual({ connection: text, shown });
});

test.each(['mysql://u:secret@host/db', 'host/secret', 'postgres:secret', 'postgres://u:secret@ho st/db'])(
  'what is no address is not repeated, for it may hold a password: %s',
  (text) => {
    expect(() => clusterAddress(text)).toThrow(/--cluster takes postgres:\/\/user@host:5432\/database, but/);
    expect(() => clusterAddress(text)).not.toThrow(/secret/);
  },
);
