/**
 * How many bytes a worker of a cluster and the database say to each other: stands between them and counts. Prints what it
 * counted when it is stopped, in bytes to the worker and back.
 *
 *   node bench/count-bytes.mjs 6432 127.0.0.1:5432
 *   shiftaddnas worker --cluster postgres://user@127.0.0.1:6432/database
 */
import net from 'node:net';

const [port, target = ''] = process.argv.slice(2);
const [host, to] = target.split(':');
if (!Number(port) || !host || !Number(to)) {
  throw new Error('a port to listen on and the address of a database are needed: 6432 127.0.0.1:5432');
}
const counted = { connections: 0, toWorker: 0, back: 0 };
net
  .createServer((worker) => {
    counted.connections++;
    const database = net.connect(Number(to), host);
    worker.on('data', (bytes) => {
      counted.back += bytes.length;
    });
    database.on('data', (bytes) => {
      counted.toWorker += bytes.length;
    });
    worker.pipe(database).pipe(worker);
    for (const end of [worker, database]) end.on('error', () => worker.destroy() && database.destroy());
  })
  .listen(Number(port), '127.0.0.1');
process.on('SIGINT', () => {
  console.log(JSON.stringify(counted));
  process.exit(0);
});
