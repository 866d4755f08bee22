/**
 * A PostgreSQL server of a test's own, in a temporary folder: Debian's package or another one that is installed. It
 * listens on 127.0.0.1 only, at a port that was free, and does not outlive the test.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian keeps server programs: a folder for each version, outside PATH. */
const DEBIAN = '/usr/lib/postgresql';

/** The folder of initdb and pg_ctl, newest version first; undefined where no server is installed. */
function programs(): string | undefined {
  const versions = fs.existsSync(DEBIAN) ? fs.readdirSync(DEBIAN).map(Number).filter(Number.isInteger) : [];
  const folders = versions.sort((a, b) => b - a).map((version) => join(DEBIAN, String(version), 'bin'));
  const inPath = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return [...folders, ...inPath].find((folder) => fs.existsSync(join(folder, 'initdb')));
}

/** Why no server can be started here; undefined where one can. */
export function withoutPostgres(): string | undefined {
  if (programs() === undefined) return 'PostgreSQL is not installed (Debian: apt-get install postgresql)';
  if (process.getuid?.() !== 0) return undefined;
  const reason = 'PostgreSQL does not run as root, and there is no user postgres to run it as';
  return spawnSync('runuser', ['-u', 'postgres', '--', 'true']).status === 0 ? undefined : reason;
}

export interface Postgres {
  readonly url: string;
  start(): void;
  /** immediate: as after a power cut. */
  stop(mode?: 'fast' | 'immediate'): void;
  /** Stops it and removes its folder. */
  remove(): void;
}

/** A server that runs. Ask `withoutPostgres` first. */
export async function startPostgres(): Promise<Postgres> {
  const bin = programs() ?? '';
  const folder = fs.mkdtempSync(join(tmpdir(), 'postgres-'));
  fs.chmodSync(folder, 0o777); // its owner may be another user than the server's
  const data = join(folder, 'data');
  const port = await freePort();
  run(join(bin, 'initdb'), '-D', data, '-U', 'tester', '--auth=trust', '--no-sync', '-E', 'UTF8');
  const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories= -c fsync=off`;
  const log = join(data, 'log');
  const server: Postgres = {
    url: `postgres://tester@127.0.0.1:${port}/postgres`,
    start: () => run(join(bin, 'pg_ctl'), 'start', '-w', '-D', data, '-l', log, '-o', settings),
    stop: (mode = 'fast') => run(join(bin, 'pg_ctl'), 'stop', '-w', '-D', data, '-m', mode),
    remove: () => {
      if (fs.existsSync(join(data, 'postmaster.pid'))) server.stop('immediate');
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  server.start();
  return server;
}

function run(program: string, ...args: string[]): void {
  const asRoot = process.getuid?.() === 0;
  const command = asRoot ? ['runuser', '-u', 'postgres', '--', program, ...args] : [program, ...args];
  const done = spawnSync(command[0], command.slice(1), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
  });
  if (done.status !== 0) throw new Error(`${program} failed:\n${done.stdout}${done.stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
