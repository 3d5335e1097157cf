import type { IncomingMessage } from 'node:http';

/** What somebody says to a GET request. */
export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      /** Whether the body is all of it: there is a limit. */
      readonly isWhole: boolean;
    }
  /** Nobody has answered. A code alone: the words of an error may hold a URL with a key in it. */
  | { readonly kind: 'silence'; readonly reason: string };

export interface Question {
  /** Who is asked, in words. */
  readonly who: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How much of the answer is read. Default 16 MiB. */
  readonly maxBodyBytes?: number;
}

/** How far the clock of someone who answered is ahead of this machine's. */
export interface ClockReading {
  readonly who: string;
  readonly aheadMillis: number;
}

const TIMEOUT_MILLIS = 5_000;

/** A large account's list of metrics is some megabytes. */
const DEFAULT_MAX_BODY_BYTES = 2 ** 24;

/** The `Date` header has whole seconds. */
const HALF_A_SECOND_MILLIS = 500;

/** Asks by HTTP, and notes the clocks of those who answer. */
export class Asker {
  readonly clocks: ClockReading[] = [];

  /** Never rejects, and never waits longer than 5 s. */
  async ask({ who, url, headers = {}, maxBodyBytes = DEFAULT_MAX_BODY_BYTES }: Question): Promise<Answer> {
    // A host in a setting of its own may be any text.
    if (!URL.canParse(url)) return { kind: 'silence', reason: 'no URL' };
    const { protocol } = new URL(url);
    const { request } = await (protocol === 'https:' ? import('node:https') : import('node:http'));
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const silence = (reason: string) => resolve({ kind: 'silence', reason });
    const sentMillis = Date.now();
    const outgoing = request(url, { headers: { ...headers, 'User-Agent': 'signal-otel doctor' }, agent: false });
    const timer = setTimeout(() => silence(`no answer in ${TIMEOUT_MILLIS / 1_000} s`), TIMEOUT_MILLIS);
    outgoing.on('error', (error) => silence(codeOf(error)));
    outgoing.on('response', (response) => {
      this.#noteClock(who, response.headers.date, sentMillis);
      void bodyOf(response, maxBodyBytes).then(
        (read) => resolve({ kind: 'answer', status: response.statusCode ?? 0, ...read }),
        (error: unknown) => silence(codeOf(error)),
      );
    });
    outgoing.end();
    const answer = await promise;
    clearTimeout(timer);
    outgoing.destroy();
    return answer;
  }

  #noteClock(who: string, header: string | undefined, sentMillis: number): void {
    const theirMillis = Date.parse(header ?? '') + HALF_A_SECOND_MILLIS;
    if (!Number.isFinite(theirMillis)) return;
    this.clocks.push({ who, aheadMillis: theirMillis - (sentMillis + Date.now()) / 2 });
  }
}

async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<{ body: string; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  return { body: Buffer.concat(chunks).toString('utf8'), isWhole: length <= maxBytes };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
}
