import { v1, v2 } from '@datadog/datadog-api-client';

/** What Datadog's API answers where it refuses a request. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The models that are read here, by the names that the client gives them. */
interface Models {
  EventCreateRequest: v1.EventCreateRequest;
  ServiceCheck: v1.ServiceCheck;
  Dashboard: v1.Dashboard;
  Monitor: v1.Monitor;
  MetricMetadata: v1.MetricMetadata;
  MetricTagConfigurationCreateRequest: v2.MetricTagConfigurationCreateRequest;
  MetricTagConfigurationUpdateRequest: v2.MetricTagConfigurationUpdateRequest;
}

/** A body as the client's model of it; what the model has not, or has otherwise, is refused. */
export function readModel<Name extends keyof Models>(name: Name, body: unknown): Models[Name] {
  const { ObjectSerializer } = name.startsWith('MetricTag') ? v2 : v1;
  let model: Models[Name];
  try {
    model = ObjectSerializer.deserialize(body, name);
  } catch (error) {
    throw new Refusal(400, error instanceof Error ? error.message : String(error));
  }
  if (model === undefined || model === null) throw new Refusal(400, 'the body is missing');
  const problems = problemsOf(model);
  if (problems.length > 0) throw new Refusal(400, problems.join('; '));
  return model;
}

/** Where a model is not what the client knows: attributes that it has not, values that are none of an attribute's. */
export function problemsOf(model: unknown, path = ''): string[] {
  if (typeof model !== 'object' || model === null) return [];
  if (model.constructor.name === 'UnparsedObject') return [`${path} is not one of what it can be`];
  if ('additionalProperties' in model && typeof model.additionalProperties === 'object') {
    return Object.keys(model.additionalProperties ?? {}).map((name) => `${path}.${name} is not known`);
  }
  return Object.entries(model).flatMap(([key, value]) => problemsOf(value, `${path}.${key}`));
}

const HOUR = 3_600;

export function checkEvent({ title, text, aggregationKey = '', dateHappened, tags = [] }: v1.EventCreateRequest): void {
  if (title === '' || title.length > 100) throw new Refusal(400, 'title has to have 1 to 100 characters');
  if (text.length > 4_000) throw new Refusal(400, 'text has more than 4000 characters');
  if (aggregationKey.length > 100) throw new Refusal(400, 'aggregation_key has more than 100 characters');
  if (dateHappened !== undefined && !Number.isInteger(dateHappened)) {
    throw new Refusal(400, 'date_happened is not an integer');
  }
  if (secondsSince(dateHappened) > 18 * HOUR) throw new Refusal(400, 'date_happened is older than 18 hours');
  checkTags(tags);
}

export function checkServiceCheck({ check, timestamp, tags }: v1.ServiceCheck): void {
  if (check === '') throw new Refusal(400, 'check is empty');
  if (Math.abs(secondsSince(timestamp)) > HOUR / 6) throw new Refusal(400, 'timestamp is more than 10 minutes off');
  checkTags(tags);
}

function secondsSince(time: number | undefined): number {
  return time === undefined ? 0 : Date.now() / 1_000 - time;
}

function checkTags(tags: readonly string[]): void {
  const long = tags.find((tag) => tag.length > 200);
  if (long !== undefined) throw new Refusal(400, `tag ${long.slice(0, 20)}... has more than 200 characters`);
}

const AGGREGATORS = 'avg|sum|min|max|count|p50|p75|p90|p95|p99';
const METRIC = String.raw`(?<metric>[a-z][\w.]*)\{(?<scope>[^{}]+)\}(?: by \{(?<by>[\w.,-]+)\})?(?:\.as_count\(\))?`;
const DASHBOARD_QUERY = new RegExp(`^(?:${AGGREGATORS}):${METRIC}$`);
const WINDOWS = 'last_(?:1m|5m|10m|15m|30m|1h|2h|4h|1d|2d|1w)';
const MONITOR_QUERY = new RegExp(
  String.raw`^(?:avg|sum|min|max)\(${WINDOWS}\):(?:${AGGREGATORS}):${METRIC} (?<operator>>=|<=|>|<) (?<number>-?\d+(?:\.\d+)?(?:e-?\d+)?)$`,
);

/** What a query is about; refused where it does not parse. */
export function parseQuery(query: string): { metric: string; scope: string; by: string[] } {
  const { metric, scope, by } = groupsOf(DASHBOARD_QUERY, query);
  return { metric: metric ?? '', scope: scope ?? '', by: by?.split(',') ?? [] };
}

function groupsOf(pattern: RegExp, query: string): Record<string, string | undefined> {
  const groups = pattern.exec(query)?.groups;
  if (groups === undefined) throw new Refusal(400, `the query does not parse: ${query}`);
  return groups;
}

export function checkMonitor({ type, query, options, tags = [], priority }: v1.Monitor): void {
  if (type !== 'query alert' && type !== 'metric alert') throw new Refusal(400, `type ${type} is not doubled here`);
  const { operator = '', number } = groupsOf(MONITOR_QUERY, query);
  const { critical, criticalRecovery, warning, warningRecovery } = options?.thresholds ?? {};
  if (critical !== Number(number)) {
    throw new Refusal(400, `the critical threshold ${critical} is not the query's, ${number}`);
  }
  const isBetter = (value: number, than: number) => (operator.startsWith('>') ? value < than : value > than);
  for (const [name, value, than] of [
    ['critical_recovery', criticalRecovery, critical],
    ['warning', warning, critical],
    ['warning_recovery', warningRecovery, warning],
  ] as const) {
    if (value === undefined || value === null) continue;
    if (than === undefined || !isBetter(value, than)) throw new Refusal(400, `${name} ${value} is on the wrong side`);
  }
  if (priority !== undefined && priority !== null && !(priority >= 1 && priority <= 5)) {
    throw new Refusal(400, 'priority is not from 1 to 5');
  }
  checkTags(tags);
}

const COLUMNS = 12;

export function checkDashboard({ title, layoutType, reflowType, widgets }: v1.Dashboard): void {
  if (title === '') throw new Refusal(400, 'title is empty');
  for (const { layout } of widgetsOf(widgets)) {
    if (layoutType === 'ordered' && reflowType === 'fixed') {
      if (layout === undefined) throw new Refusal(400, 'a widget has no layout');
      if (layout.x + layout.width > COLUMNS) throw new Refusal(400, `a widget ends right of column ${COLUMNS}`);
    }
  }
  for (const query of queriesOf(widgets)) parseQuery(query);
}

/** Widgets, those in groups too. */
export function widgetsOf(widgets: readonly v1.Widget[]): v1.Widget[] {
  return widgets.flatMap((widget) =>
    'widgets' in widget.definition ? [widget, ...widgetsOf(widget.definition.widgets)] : [widget],
  );
}

/** The queries of metrics anywhere in a model. */
export function queriesOf(model: unknown): string[] {
  if (typeof model !== 'object' || model === null) return [];
  if ('dataSource' in model && 'query' in model && typeof model.query === 'string') return [model.query];
  return Object.values(model).flatMap(queriesOf);
}

/** https://docs.datadoghq.com/metrics/units */
const UNITS = new Set([
  ...`bit byte kibibyte mebibyte gibibyte tebibyte pebibyte exbibyte nanosecond microsecond millisecond second minute hour
  day week percent_nano percent apdex fraction connection request packet segment response message payload timeout
  datagram route session hop process thread host node fault service instance cpu file inode sector block buffer error
  read write occurrence event time unit operation item task worker resource email sample stage monitor location check
  attempt device update method job container execution throttle invocation user success build prediction exception table
  index lock transaction query row key command offset record object cursor assertion scan document shard flush merge
  refresh fetch column commit wait ticket question hit miss eviction get set dollar cent microdollar euro page split
  hertz kilohertz megahertz gigahertz entry nanocore microcore millicore core kilocore megacore gigacore teracore
  petacore exacore nanowatt microwatt milliwatt deciwatt watt kilowatt megawatt gigawatt terrawatt milliampere ampere
  millivolt volt span run`.split(/\s+/),
  'garbage collection',
  'decidegree celsius',
  'degree celsius',
  'degree fahrenheit',
]);

export function checkMetadata({ unit, perUnit }: v1.MetricMetadata): void {
  for (const name of [unit, perUnit]) {
    if (name !== undefined && name !== null && !UNITS.has(name)) throw new Refusal(400, `${name} is not a unit`);
  }
}
