/** The dialog that asks for the passphrase of an encrypted archive. */
import { byId } from './dom.ts';

/** Opens something, and asks for a passphrase as long as it takes one and that is not given; whoever gives none gets the error. */
export async function withPassphrase<T>(open: (passphrase?: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let passphrase: string | undefined; ; ) {
    try {
      return await open(passphrase);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'passphrase-needed' && code !== 'wrong-passphrase') throw error;
      passphrase = await ask(code === 'wrong-passphrase', signal);
      if (passphrase === undefined) throw error;
    }
  }
}

function ask(again: boolean, signal?: AbortSignal): Promise<string | undefined> {
  const [dialog, input] = [byId('passphrase', HTMLDialogElement), byId('passphrase-input', HTMLInputElement)];
  byId('passphrase-asked', HTMLElement).textContent = again ? 'That does not open it. Its passphrase:' : 'This archive is encrypted. Its passphrase:';
  [input.value, dialog.returnValue] = ['', ''];
  const end = () => dialog.close();
  signal?.addEventListener('abort', end, { once: true });
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      signal?.removeEventListener('abort', end);
      resolve(dialog.returnValue === 'open' ? input.value : undefined);
      input.value = '';
    }, { once: true });
    dialog.showModal();
  });
}
