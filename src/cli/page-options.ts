import { defaults, readConfig } from '../runtime/config.ts';

/** How a command shows the runs of the program that it starts. */
export interface PageOptions {
  readonly opensBrowser: boolean;
  readonly port: number;
  /** In the last row of the terminal that stderr is. */
  readonly showsProgress: boolean;
}

/** A command line that the user has to correct. */
export class UsageError extends Error {}

export const pageOptionsHelp = `  --no-open      opens no browser; the address is on stderr
  --no-progress  leaves the last row of the terminal alone
  --port N       the page's port on 127.0.0.1 (default: SIGNAL_LIVE_PORT or ${defaults.livePort}); the next free one if taken
  --help         this text`;

/**
 * Takes the options that are the page's.
 * @param untilOther whether whatever follows another argument is left alone, as it belongs to that.
 * @returns the others in their order, too; `undefined` where the user asks for help.
 */
export function readPageOptions(
  args: readonly string[],
  { untilOther }: { readonly untilOther: boolean },
): { readonly page: PageOptions; readonly others: readonly string[] } | undefined {
  let opensBrowser = true;
  let showsProgress = process.stderr.isTTY && process.env.TERM !== 'dumb';
  let port = String(readConfig(process.env, () => {}).livePort);
  const others: string[] = [];
  const left = [...args];
  for (let argument = left.shift(); argument !== undefined; argument = left.shift()) {
    if (argument === '--help' || argument === '-h') return undefined;
    if (argument === '--no-open') opensBrowser = false;
    else if (argument === '--no-progress') showsProgress = false;
    else if (argument === '--port') port = left.shift() ?? '';
    else if (argument.startsWith('--port=')) port = argument.slice('--port='.length);
    else {
      others.push(argument);
      if (untilOther) others.push(...left.splice(0));
    }
  }
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`a port is a whole number from 0 to 65535, not ${JSON.stringify(port)}.`);
  }
  return { page: { opensBrowser, port: Number(port), showsProgress }, others };
}
