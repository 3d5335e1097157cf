import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import type { DestinationOptions } from './destinations.ts';
import type { DeliveryKind, DeliveryRequest } from './request.ts';

/** The surroundings that destinations were made in: a program may change its own later. */
export interface Surroundings {
  readonly folder: string | undefined;
  /** The exporters' variables. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What a process that can wait no longer leaves to a short-lived child. */
export interface Handover {
  readonly requests: readonly DeliveryRequest[];
  readonly destinations: Partial<Readonly<Record<DeliveryKind, DestinationOptions>>>;
  readonly timeoutMillis: number;
}

/** How many points of each kind the child could not deliver. */
export type UndeliveredPoints = Readonly<Partial<Record<DeliveryKind, number>>>;

/** Of the time, what is for sending: the child has to start, and to say how it went. */
const SENDING_SHARE = 0.8;

/** Options of Node that decide which servers are trusted and how they are reached; none runs any code. */
const CONNECTION_OPTION =
  /^--(use-(openssl|bundled|system)-ca|use-env-proxy|(no-)?network-family-autoselection(-.*)?|(tls|openssl|ssl)-.*|dns-result-order|(enable|force)-fips)(=|$)/;
const OPTION_WITH_VALUE =
  /^--(dns-result-order|tls-cipher-list|tls-keylog|openssl-config|network-family-autoselection-.*)$/;

export function surroundings(): Surroundings {
  const variables = Object.entries(process.env).flatMap(([name, value]) =>
    /^OTEL_EXPORTER_OTLP_/i.test(name) && value !== undefined ? [[name, value]] : [],
  );
  return { folder: currentFolder(), variables: Object.fromEntries(variables) };
}

/**
 * Has a child process deliver requests, and waits for it. For the end of a process where only synchronous work is left.
 * The child reads the exporters' variables itself; requests and secrets go through a pipe and its environment, never
 * through its command line or a file.
 * @returns how many points were not delivered.
 * @throws Error where no child can be started, or it says nothing in time.
 */
export function handOver(handover: Handover, { folder, variables }: Surroundings): UndeliveredPoints {
  // Another executable, such as an application packed with its Node, would start the application once more.
  if (!/^node/i.test(basename(process.execPath))) throw new Error(`${basename(process.execPath)} is not Node`);
  const program = fileURLToPath(new URL(`./deliver${extname(import.meta.url)}`, import.meta.url));
  const { status, stdout, error } = spawnSync(process.execPath, [...connectionOptions(), program], {
    cwd: folder !== undefined && existsSync(folder) ? folder : undefined,
    input: serialize({ ...handover, timeoutMillis: handover.timeoutMillis * SENDING_SHARE }),
    // Preloads of the host's have nothing to do in it, and neither has the package itself.
    env: { ...process.env, ...variables, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: handover.timeoutMillis,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the child process ended with ${status}`);
  return deserialize(stdout);
}

function connectionOptions(): string[] {
  const given = [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv];
  return given.flatMap((option, index) => {
    if (!CONNECTION_OPTION.test(option)) return [];
    return OPTION_WITH_VALUE.test(option) ? [option, given[index + 1] ?? ''] : [option];
  });
}

/** `undefined` where it has been removed. */
function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
