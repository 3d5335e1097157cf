import { catalogue, NAMESPACE, runMetrics, shortName } from '../catalogue/index.ts';
import { isWithin } from '../otel/edits.ts';
import { quoted } from '../otel/text.ts';

/** An attribute that tells runs apart. */
export type RunAttribute = 'run_id' | 'user_id' | 'model';

/**
 * An attribute that metrics do without: all of them (`user_id`), one (`run_id:signal.rl.entropy`), or those whose names
 * begin alike (`run_id:signal.performance.*`).
 */
export type OmittedAttribute = RunAttribute | `${RunAttribute}:${typeof NAMESPACE}.${string}`;

export const RUN_ATTRIBUTES: readonly RunAttribute[] = ['run_id', 'user_id', 'model'];

/** More than there are metrics of a run. */
const MAX_OMITTED = 100;
const MAX_LENGTH = 250;

const FORM = `${RUN_ATTRIBUTES.join(', ')}, alone or with metrics ("run_id:signal.performance.*")`;

/** Whether the points of a metric do without an attribute. */
export function isOmitted(omitted: readonly OmittedAttribute[], attribute: RunAttribute, metric: string): boolean {
  return omitted.some((one) => {
    if (one === attribute) return true;
    const [name, pattern = ''] = splitAtColon(one);
    return name === attribute && matches(pattern, metric);
  });
}

/**
 * @param where how messages begin: what takes them.
 * @throws TypeError unless these are attributes that can be left out, saying what to write instead.
 */
export function checkOmitted(where: string, omitted: unknown = []): readonly OmittedAttribute[] {
  const refuse = (problem: string): never => {
    throw new TypeError(`${where} takes ${problem}`);
  };
  let copy: readonly unknown[] | undefined;
  try {
    if (Array.isArray(omitted)) copy = Array.from(omitted.slice(0, MAX_OMITTED + 1));
  } catch {
    // As good as none.
  }
  if (copy === undefined) return refuse(`${FORM}, in an array`);
  if (copy.length > MAX_OMITTED) return refuse(`${MAX_OMITTED} at most: "run_id:signal.performance.*" is many in one`);
  return copy.map((one) => {
    if (typeof one !== 'string' || one.length > MAX_LENGTH) return refuse(FORM);
    const problem = problemOf(one, copy);
    return problem === undefined && isOmittedAttribute(one) ? one : refuse(problem ?? FORM);
  });
}

function isOmittedAttribute(text: string): text is OmittedAttribute {
  const [attribute, pattern] = splitAtColon(text);
  return isRunAttribute(attribute) && (pattern === undefined || pattern.startsWith(`${NAMESPACE}.`));
}

function problemOf(one: string, all: readonly unknown[]): string | undefined {
  const [attribute, pattern] = splitAtColon(one);
  if (!isRunAttribute(attribute)) return `${FORM}; not ${quoted(one)}`;
  if (pattern === undefined) return undefined;
  if (all.includes(attribute)) {
    return `"${attribute}" for all metrics or ${quoted(one)} for some, not both: leave one out`;
  }
  return problemOfMetric(attribute, pattern);
}

/**
 * A run may have metrics of its own (`extraMetrics`, keys of answers, operations), which nobody knows in advance. So any
 * name is taken that begins with `signal.` and is not nearly that of a metric of the catalogue.
 */
function problemOfMetric(attribute: RunAttribute, pattern: string): string | undefined {
  if (runMetrics.some(({ name }) => matches(pattern, name))) return undefined;
  const write = (right: string) => `write ${quoted(`${attribute}:${right}`)}`;
  const same = runMetrics.find(({ name }) => flat(name) === flat(pattern) || name.endsWith(`.${pattern}`));
  if (same !== undefined) return `metrics by their full names, not ${quoted(pattern)}: ${write(same.name)}`;
  if (catalogue.some(({ name }) => matches(pattern, name))) {
    return `metrics of a run; ${quoted(pattern)} has none of its attributes: leave it out`;
  }
  if (!/^signal\.[\w.]*\*?$/.test(pattern)) {
    return `metrics such as "signal.rl.entropy" or "signal.performance.*", not ${quoted(pattern)}`;
  }
  const family = familyOf(pattern);
  const meantFamily = FAMILIES.find((known) => known.length >= MIN_FAMILY_LENGTH && isWithin(1, family, known));
  if (meantFamily !== undefined && meantFamily !== family) {
    return `metrics that there are, not ${quoted(pattern)}: ${write(meantFamily + pattern.slice(family.length))}`;
  }
  const meant = pattern.endsWith('*') ? undefined : runMetrics.find(({ name }) => isNear(pattern, name));
  if (meant === undefined) return undefined;
  const own = `${quoted(`${attribute}:${pattern}*`)} where it is one of your own`;
  return `metrics that there are, not ${quoted(pattern)}: ${write(meant.name)}, or ${own}`;
}

/** With its dot: `signal.training.` */
function familyOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.') + 1);
}

const FAMILIES = [...new Set(runMetrics.map(({ name }) => familyOf(name)))];
/** One letter makes another word of `rl`. */
const MIN_FAMILY_LENGTH = 'signal.health.'.length;

function isNear(given: string, known: string): boolean {
  return isWithin(Math.max(1, Math.floor(shortName(known).length / 8)), given.toLowerCase(), known);
}

/** As Prometheus has it. */
function flat(name: string): string {
  return name.replaceAll('.', '_').replace(/_total$/, '');
}

function matches(pattern: string, metric: string): boolean {
  return pattern.endsWith('*') ? metric.startsWith(pattern.slice(0, -1)) : metric === pattern;
}

function splitAtColon(text: string): [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

function isRunAttribute(value: string): value is RunAttribute {
  return RUN_ATTRIBUTES.some((attribute) => attribute === value);
}
