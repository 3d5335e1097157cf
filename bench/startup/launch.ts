import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readNumbers } from '../support/child.ts';
import { environment, packageFolder } from '../support/parent.ts';

/** One process, from its start to its end. */
export interface Launch {
  readonly millis: number;
  /** Processor time up to the script. */
  readonly cpuMillis: number;
  /** Resident memory in the script. */
  readonly megabytes: number;
}

const script = fileURLToPath(new URL('./script.cjs', import.meta.url));

/**
 * Runs the empty script with some preload, in the package's folder: names resolve there as in a user's.
 * @throws Error where the preload is not there, or fails.
 */
export function launch(preload: readonly string[]): Launch {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [...preload, script], {
    cwd: packageFolder,
    env: environment,
    encoding: 'utf8',
  });
  const millis = performance.now() - started;
  if (status !== 0) throw new Error(/Cannot find module '[^']+'/.exec(stderr)?.[0] ?? `it ended with ${status}`);
  const { rss = 0, cpu = 0 } = readNumbers(JSON.parse(stdout));
  return { millis, cpuMillis: cpu / 1_000, megabytes: rss / 2 ** 20 };
}
