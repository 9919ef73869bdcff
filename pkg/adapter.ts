/** What WebGPU runs on; none where there is none. */
interface Adapter {
  info: { vendor: string; architecture: string; device: string; description: string; isFallbackAdapter?: boolean };
  isFallbackAdapter?: boolean;
}

async function adapter(): Promise<Adapter | undefined> {
  const { gpu } = navigator as { gpu?: { requestAdapter(options: object): Promise<Adapter | null> } };
  return (await gpu?.requestAdapter({ powerPreference: 'high-performance' })) ?? undefined;
}

/** What browsers tell of the GPU, most telling first. */
export async function adapterName(): Promise<string> {
  const { description = '', device = '', vendor = '', architecture = '' } = (await adapter())?.info ?? {};
  return description || device || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed';
}

/** Whether there is WebGPU on a GPU that is not simulated by the CPU, which does better by itself: what `auto` goes by. */
export function hasRealGpu(): Promise<boolean> {
  return (real ??= isReal());
}

/** Asked once: the answer stays, and browsers complain each time there is none. */
let real: Promise<boolean> | undefined;

async function isReal(): Promise<boolean> {
  try {
    const found = await adapter();
    if (!found) return false;
    const { info, isFallbackAdapter } = found;
    const software = /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`);
    return !(software || info.isFallbackAdapter || isFallbackAdapter);
  } catch {
    return false;
  }
}
