// Serves the repository to this machine's browser, with the headers that give WebAssembly its threads:
//   npm run setup && node examples/browser/serve.mjs
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PAGE = '/examples/browser/index.html';
const SERVED = ['dist', 'examples', join('native', 'prebuilt')].map((folder) => join(root, folder) + sep);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cache-Control': 'no-cache',
};

/** A server of the page and of what it imports, and of no other file. */
export function pageServer() {
  return createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (path === '/') {
      response.writeHead(302, { Location: PAGE }).end();
      return;
    }
    const file = normalize(join(root, path));
    const type = TYPES[extname(file)];
    const known = type !== undefined && SERVED.some((folder) => file.startsWith(folder));
    if (!known || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end('not here');
      return;
    }
    response.writeHead(200, { ...HEADERS, 'Content-Type': type });
    createReadStream(file).pipe(response);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = pageServer();
  server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => {
    const { port } = server.address();
    console.log(`open http://127.0.0.1:${port}${PAGE}`);
  });
}
