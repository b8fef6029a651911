/** What Node's socket modules share. */

/** Addresses are numeric by now: nothing to look up. */
export const noLookup = (
  host: string,
  _options: unknown,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void => done(null, host, host.includes(':') ? 6 : 4);

/** The system's name of an error: ECONNREFUSED … */
export const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
