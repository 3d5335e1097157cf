import { resolve } from 'node:path';
import { DiagLogLevel } from '@opentelemetry/api';
import * as v from 'valibot';
import { withoutSecrets } from '../delivery/url.ts';
import { type HealthOptions, parseHealth } from '../run/health-options.ts';
import { checkOmitted, type OmittedAttribute } from '../run/omitted.ts';

/** Reads the text of a variable. */
export type Schema<Value> = v.GenericSchema<string, Value>;

/** The value that a text is; `undefined` where the schema does not take it. */
export function parse<Value>(schema: Schema<Value>, text: string): { readonly value: Value } | undefined {
  const result = v.safeParse(schema, text);
  return result.success ? { value: result.output } : undefined;
}

/** In words, what a schema takes. */
export function expectation(schema: Schema<unknown>): string {
  return v.getDescription(schema) ?? 'text';
}

const trimmed = v.pipe(v.string(), v.trim());

export const text: Schema<string> = trimmed;

/** A path, from where the process is when it is read: programs change their folder. */
export const path = v.pipe(
  trimmed,
  v.transform((name) => resolve(name)),
  v.description('a path'),
);

/** A setting that need not have a value, and has none where nothing is set. */
export function optional<Value>(schema: Schema<Value>): Schema<Value | undefined> {
  return schema;
}

export function choice<const Names extends readonly [string, ...string[]]>(names: Names) {
  return v.pipe(trimmed, v.toLowerCase(), v.picklist(names), v.description(anyOf(names)));
}

/** A choice that the official exporters take in this case only. */
export function exactChoice<const Names extends readonly [string, ...string[]]>(names: Names) {
  return v.pipe(trimmed, v.picklist(names), v.description(anyOf(names)));
}

function anyOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

export const flag = v.pipe(
  choice(['true', 'false']),
  v.transform((word) => word === 'true'),
);

/** A flag that users set by hand, as they are used to: the standard's own variables know no 1. */
export const toggle = v.pipe(
  choice(['1', '0', 'true', 'false']),
  v.transform((word) => word === '1' || word === 'true'),
);

/** What can be a header's value. */
export const key = v.pipe(trimmed, v.regex(/^[\x21-\x7e]+$/), v.description('a key, without spaces'));

export const domain = v.pipe(
  trimmed,
  v.toLowerCase(),
  v.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/),
  v.description('a domain'),
);

const levels = ['NONE', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'VERBOSE', 'ALL'] as const;

export const logLevel = v.pipe(
  trimmed,
  v.toUpperCase(),
  v.picklist(levels),
  v.transform((level) => DiagLogLevel[level]),
  v.description(anyOf(levels).toLowerCase()),
);

/** 2^31 - 1 is the longest that a timer of Node can wait, and more than a setting of another unit needs. */
export function wholeNumber(min: number, max: number = 2 ** 31 - 1) {
  return v.pipe(
    trimmed,
    v.digits(),
    v.transform(Number),
    v.minValue(min),
    v.maxValue(max),
    v.description(`a whole number from ${min} to ${max}`),
  );
}

export const share = v.pipe(trimmed, v.toNumber(), v.minValue(0), v.maxValue(1), v.description('a share from 0 to 1'));

/** As the official exporters read a time. */
export const positiveNumber = v.pipe(
  trimmed,
  v.toNumber(),
  v.finite(),
  v.gtValue(0),
  v.description('a number greater than 0'),
);

/** gRPC is spoken by @opentelemetry/sdk-node alone; where that is not there, protobuf goes by HTTP. */
export const protocol = v.pipe(
  choice(['http/protobuf', 'http/json', 'grpc']),
  v.transform((name) => (name === 'grpc' ? 'http/protobuf' : name)),
  v.description("http/protobuf or http/json (a Collector's port 4318), or grpc (its port 4317)"),
);

/**
 * A list such as `otlp,prometheus`; `none` stands alone and means nothing of it.
 * @param byNodeSdk names of what @opentelemetry/sdk-node alone has, and what it is where that is not there.
 */
export function list<const Names extends readonly [string, ...string[]]>(
  names: Names,
  byNodeSdk: Readonly<Record<string, Names[number]>> = {},
) {
  const all = [...names, ...Object.keys(byNodeSdk)];
  return v.pipe(
    trimmed,
    v.toLowerCase(),
    v.transform((list) => (list === 'none' ? [] : list.split(',').map((name) => name.trim()))),
    v.array(v.picklist(all)),
    v.check((asked) => new Set(asked).size === asked.length),
    // One order, however they were written: readers and exporters are matched by their place.
    v.transform((asked): readonly Names[number][] => {
      const own = asked.map((name) => byNodeSdk[name] ?? name);
      return names.filter((name: Names[number]) => own.includes(name));
    }),
    v.description(`a list of ${all.join(', ')}, or none`),
  );
}

/** Not trimmed: the exporters add the path of each signal to what is there, a space at its end included. */
export const httpUrl = v.pipe(
  v.string(),
  v.check((url) => withoutSecrets(url) !== undefined && URL.canParse(`${url}/v1`)),
  v.description('an http:// or https:// URL'),
);

/** A list of URLs, each without the slash at its end. */
export const httpUrls = v.pipe(
  trimmed,
  v.transform((list) => list.split(',').map((url) => url.trim())),
  v.array(httpUrl),
  v.readonly(),
  v.description('http:// or https:// URLs, separated by commas'),
);

/** Tags as Datadog's clients take them. */
export const tagList = v.pipe(
  trimmed,
  v.transform((list) => list.split(',').map((tag) => tag.trim())),
  v.array(v.pipe(v.string(), v.regex(/^[^:]+(?::.*)?$/s))),
  v.readonly(),
  v.description('key:value tags, separated by commas'),
);

/** Attributes that metrics do without, as `checkOmitted` takes them. */
export const omitted: Schema<readonly OmittedAttribute[]> = v.pipe(
  trimmed,
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return readOmitted(dataset.value);
    } catch (error) {
      addIssue({ message: error instanceof Error ? error.message : 'unreadable' });
      return NEVER;
    }
  }),
  v.description('a list of run_id, user_id, model, alone or with metrics (run_id:signal.performance.*), or none'),
);

/** What is wrong with such a list, and what to write instead. */
export function problemOfOmitted(text: string): string | undefined {
  try {
    readOmitted(text.trim());
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.message}; none is left out` : undefined;
  }
}

function readOmitted(list: string): readonly OmittedAttribute[] {
  if (list.toLowerCase() === 'none') return [];
  const lowered = list.split(',').map((one) => one.trim().replace(/^[^:]*/, (attribute) => attribute.toLowerCase()));
  return checkOmitted('it', lowered);
}

/** Thresholds of health rules, as `parseHealth` reads them. */
export const health: Schema<HealthOptions | false> = v.pipe(
  trimmed,
  v.toLowerCase(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseHealth(dataset.value);
    } catch (error) {
      addIssue({ message: error instanceof Error ? error.message : 'unreadable' });
      return NEVER;
    }
  }),
  v.description('thresholds by rule, such as kl_divergence.critical=0.5,stalled=off; or off'),
);

/** Headers as the official exporters read them; what follows a `;` is none of a pair's. */
export const headers = v.pipe(
  trimmed,
  v.check((list) => entriesOf(list).every((entry) => isPair(entry.replace(/;.*/s, ''), /^([^=]+)=(.+)$/s))),
  v.description('key=value pairs, separated by commas'),
);

/** Resource attributes as the official detector reads them: all of them, or none where one is malformed. */
export const attributes = v.pipe(
  trimmed,
  v.check((list) => entriesOf(list).every((entry) => isPair(entry, /^([^=]+)=([^=]*)$/s, 255))),
  v.description('key=value pairs, separated by commas, with , and = in them percent-encoded'),
);

function entriesOf(list: string): string[] {
  return list.split(',').filter((entry) => entry.trim() !== '');
}

function isPair(entry: string, pattern: RegExp, maxLength = Number.POSITIVE_INFINITY): boolean {
  const [, key = '', value = ''] = pattern.exec(entry.trim()) ?? [];
  if (key.trim() === '') return false;
  try {
    return [key, value].every((part) => decodeURIComponent(part.trim()).length <= maxLength);
  } catch {
    return false;
  }
}

/** Not read here: a pipe, as a shell's `<(...)` is, can be read once only. Not trimmed: nor do the exporters. */
export const readableFile = v.pipe(
  v.string(),
  v.check((file) => {
    // An import of node:fs would load its promises too, and cost every start that has a variable set 3 ms.
    const { accessSync, constants, statSync } = process.getBuiltinModule('node:fs');
    try {
      accessSync(file, constants.R_OK);
      return !statSync(file).isDirectory();
    } catch {
      return false;
    }
  }),
  v.description('a file that can be read'),
);
