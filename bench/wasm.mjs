/** Speed of the npm package in Node. A job comes in as JSON, the seconds and bytes of all its files go out as JSON. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const { package: address, files, rel, model, level } = JSON.parse(readFileSync(0, 'utf8'));
const { compress, decompressTimed, openDataset } = await import(address);
const options = { ...(rel === null ? { lossless: true } : { rel }), ...(model && { model }), ...(level && { level }) };
/** Files that are worked on once more before the clock starts, so that the engine has optimised the module. */
const WARM_UP = 4;

async function all(paths) {
  const total = { encode: 0, decode: 0, bytes: 0 };
  for (const path of paths) {
    const dataset = await openDataset(readFileSync(path), basename(path));
    const archive = await compress(dataset, options);
    const back = await decompressTimed(archive.bytes);
    total.encode += archive.seconds;
    total.decode += back.seconds;
    total.bytes += archive.variables.reduce((sum, variable) => sum + variable.archiveBytes, 0);
    dataset.free();
    back.dataset.free();
  }
  return total;
}

await all(files.slice(0, WARM_UP));
console.log(JSON.stringify(await all(files)));
