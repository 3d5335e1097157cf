import { SIGNALS } from '../delivery/request.ts';
import type { Environment } from '../runtime/config.ts';
import { type Setting, settings } from '../runtime/settings.ts';
import { knownVariables } from '../runtime/settings-reader.ts';

/** Takes the secrets out of a text; everything that a command shows has gone through it. */
export type Hide = (text: string) => string;

const HIDDEN = '(hidden)';

/** A shorter one protects nothing, and would take letters out of every word. */
const MIN_LENGTH = 4;

/** What an unknown variable may be called that holds a secret: probably one of the settings, misspelt. */
const SECRET_NAME = /(KEY|HEADER|TOKEN|SECRET|PASSWORD)/i;

/**
 * Makes the one way by which all words of a command go: without the values that the environment holds as secrets, as they
 * are, or as a URL or JSON has them, wherever they come from. A server or a proxy may send back what it was sent.
 */
export function hiding(environment: Environment): Hide {
  const forms = [...secretsIn(environment)].flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ]);
  const hidden = [...new Set(forms)].filter((form) => form.length >= MIN_LENGTH);
  if (hidden.length === 0) return (text) => text;
  // The longest first: a shorter one may be a part of it. In any case, since names of hosts lose theirs.
  const pattern = new RegExp(
    hidden
      .sort((a, b) => b.length - a.length)
      .map(escaped)
      .join('|'),
    'gi',
  );
  return (text) => text.replace(pattern, HIDDEN);
}

function* secretsIn(environment: Environment): Generator<string> {
  const known = new Set(knownVariables());
  for (const { secret, variables, signalVariable } of Object.values<Setting<unknown>>(settings)) {
    if (secret === undefined) continue;
    for (const variable of [...variables, ...(signalVariable ? SIGNALS.map((signal) => signalVariable(signal)) : [])]) {
      const text = environment[variable]?.trim();
      if (text) yield* secret === 'all' ? partsOf(text) : text.split(',').flatMap((url) => [...partsOfUrl(url.trim())]);
    }
  }
  for (const [variable, text] of Object.entries(environment)) {
    const mayBeMisspelt = /^(OTEL|SIGNAL|DD|DATADOG)_/i.test(variable) && SECRET_NAME.test(variable);
    if (mayBeMisspelt && !known.has(variable) && text?.trim()) yield* partsOf(text.trim());
  }
}

/** A key, or headers such as `api-key=value,Authorization=Bearer%20value`. */
function* partsOf(text: string): Generator<string> {
  yield text;
  for (const pair of text.split(',')) {
    const value = decoded(pair.slice(pair.indexOf('=') + 1)).trim();
    yield value;
    const [, credentials] = /^[A-Za-z]+\s+(\S.*)$/.exec(value) ?? [];
    if (credentials !== undefined) yield credentials;
  }
}

/** Scheme, host and path of a URL may be shown, the rest may not. */
function* partsOfUrl(text: string): Generator<string> {
  if (!URL.canParse(text)) {
    yield text.replace(/^https?:\/*/i, '');
    return;
  }
  const { protocol, username, password, search, searchParams, hash, pathname } = new URL(text);
  if (!/^https?:$/.test(protocol)) yield* [text, pathname];
  const rawValues = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  yield* [search.slice(1), ...rawValues, ...searchParams.values(), hash.slice(1)];
  yield* [username, decoded(username), password, decoded(password)];
  if (username !== '') yield Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
