/**
 * `npm start`: installs and builds what is missing, serves the page. PORT chooses the port. The module of the GPU, which takes longest, is built while the
 * page is there already, on the CPU.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { serve } from './serve.mjs';
import { ROOT, main } from './tools.mjs';

await main(async () => {
  await build();
  const { url } = await serve({ port: Number(process.env.PORT ?? 8080) }).catch((error) => {
    if (error.code === 'EADDRINUSE' && !process.env.PORT) return serve();
    throw error;
  });
  console.log(`DeepComp is at ${url}  (Ctrl+C stops it)`);
  const gpu = spawn(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), 'gpu'], { stdio: ['ignore', 'ignore', 'inherit'] });
  process.on('exit', () => gpu.kill());
  gpu.on('close', (status) => console.log(status === 0 ? 'WebGPU is ready: reload the page to have it' : 'WebGPU could not be built; the page works on the CPU'));
});
