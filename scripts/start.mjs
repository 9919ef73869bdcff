/** `npm start`: installs and builds what is missing, serves the page. PORT chooses the port. */
import { build } from './build.mjs';
import { serve } from './serve.mjs';
import { main } from './tools.mjs';

await main(async () => {
  build();
  const { url } = await serve({ port: Number(process.env.PORT ?? 8080) }).catch((error) => {
    if (error.code === 'EADDRINUSE' && !process.env.PORT) return serve();
    throw error;
  });
  console.log(`DeepComp is at ${url}  (Ctrl+C stops it)`);
});
