/** Where this runs. */
export const NODE = typeof process === 'object' && process.versions?.node !== undefined;
