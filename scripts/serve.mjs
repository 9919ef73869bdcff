/** A static server for the built page, on the local machine only. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve as absolute, sep } from 'node:path';
import { ROOT } from './tools.mjs';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** The file that is asked for and its size; undefined when there is none below the folder. */
function find(folder, prefix, address) {
  try {
    const path = decodeURIComponent(new URL(address, 'http://localhost').pathname);
    const file = normalize(join(folder, path.slice(prefix.length) || 'index.html'));
    const stats = statSync(file);
    return path.startsWith(prefix) && file.startsWith(folder + sep) && stats.isFile() ? { file, size: stats.size } : undefined;
  } catch {
    return undefined;
  }
}

/** Serves `folder` below `prefix`; resolves to `{ url, close }`. Port 0 takes any free one. */
export function serve({ folder = join(ROOT, 'www', 'dist'), port = 0, prefix = '/' } = {}) {
  const server = createServer((request, response) => {
    const found = find(absolute(folder), prefix, request.url);
    if (!found) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
      return;
    }
    const { file, size } = found;
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-length': size, 'cache-control': 'no-cache' });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}${prefix}`, close: () => new Promise((done) => server.close(done)) });
    });
  });
}
