/** Whole archives into envelopes that take a passphrase, and out of them. */
import { decrypt as unseal, encrypt as seal } from '#wasm';
import { load } from './load.js';

/**
 * An archive in an envelope, as `deepcomp encrypt` makes it: neither names nor sizes of files show, and nobody can open it who loses the passphrase. Takes about a second besides.
 *
 * @throws a `DeepCompError`: `invalid-argument` for an empty passphrase
 */
export async function encrypt(archive: Uint8Array, passphrase: string): Promise<Uint8Array> {
  await load();
  return seal(archive, passphrase);
}

/**
 * The archive that an envelope holds, all of it checked. To read parts of one give {@link openArchive} the passphrase instead.
 *
 * @throws a `DeepCompError`: `wrong-passphrase`, `checksum-mismatch` and `truncated` where it was altered
 */
export async function decrypt(envelope: Uint8Array, passphrase: string): Promise<Uint8Array> {
  await load();
  return unseal(envelope, passphrase);
}
