/** Writes models/manifest.json: `node scripts/manifest.mjs`. What files say is read from them; what training knows is kept as it stands. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tools.mjs';

const FOLDER = join(ROOT, 'models');
const MANIFEST = join(FOLDER, 'manifest.json');
/** Signature and version stand before the name; three nets follow it, then the priors of the network and the autoencoder. */
const NAME_LENGTH = 10;
const PASSES = 3;
/** Numbers of each prior; tokens of attention that are not learned. */
const DECISIONS = 32;
const DIRECT = 20;

/** What a model file says about itself (docs/format.md, "Weights"). */
function described(file) {
  const bytes = readFileSync(join(FOLDER, file));
  let at = NAME_LENGTH;
  const varint = () => {
    for (let n = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      n += (byte & 127) * 2 ** shift;
      if (byte < 128) return n;
    }
  };
  const length = varint();
  const name = bytes.toString('utf8', at, at + length);
  at += length + 1;
  const layer = (from, to) => {
    at += to;
    for (let n = 0; n < to; n++) varint();
    at += from * to;
  };
  let sizes;
  for (let pass = 0; pass < PASSES; pass++) {
    const [inputs, first, second, kernels] = (sizes = [varint(), varint(), varint(), varint()]);
    layer(inputs, first);
    if (kernels > 0) layer(inputs, kernels);
    layer(first, second);
    layer(second, (kernels > 0 ? DIRECT + kernels : 0) + 2);
  }
  const [inputs, first, second, kernels] = sizes;
  const priors = varint();
  at += priors * DECISIONS;
  const autoencoder = varint() === 0 ? null : { fine: varint(), coarse: varint(), latents: varint(), attention: varint() === 1, radii: [varint(), varint()] };
  const id = bytes.readBigUInt64LE(bytes.length - 8).toString(16).padStart(16, '0');
  return { file, name, id, bytes: bytes.length, inputs, hidden: [first, second], kernels, passes: PASSES, autoencoder };
}

const known = existsSync(MANIFEST) ? JSON.parse(readFileSync(MANIFEST, 'utf8')) : [];
const training = (id) => ({ training: known.find((entry) => entry.id === id)?.training ?? null });
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.dcm')).sort().map(described);
writeFileSync(MANIFEST, `${JSON.stringify(files.map((entry) => ({ ...entry, ...training(entry.id) })), null, 2)}\n`);
