/** Writes models/manifest.json: `node scripts/manifest.mjs`. What files say is read from them; what training knows is kept as it stands. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tools.mjs';

const FOLDER = join(ROOT, 'models');
const MANIFEST = join(FOLDER, 'manifest.json');
/** Signature and version stand before the name; three nets follow it. */
const NAME_LENGTH = 10;
const PASSES = 3;

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
  const [inputs, first, second, kernels] = [varint(), varint(), varint(), varint()];
  const id = bytes.readBigUInt64LE(bytes.length - 8).toString(16).padStart(16, '0');
  return { file, name, id, bytes: bytes.length, inputs, hidden: [first, second], kernels, passes: PASSES };
}

const known = existsSync(MANIFEST) ? JSON.parse(readFileSync(MANIFEST, 'utf8')) : [];
const training = (id) => {
  const { trained_on = null, steps = null, valid_bits_per_sample = null } = known.find((entry) => entry.id === id) ?? {};
  return { trained_on, steps, valid_bits_per_sample };
};
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.dcm')).sort().map(described);
writeFileSync(MANIFEST, `${JSON.stringify(files.map((entry) => ({ ...entry, ...training(entry.id) })), null, 2)}\n`);
