import type { v1 } from '@datadog/datadog-api-client';
import type { DatadogAccount } from './datadog-account.ts';
import { DASHBOARD_MARKER, trainingDashboard } from './datadog-dashboard.ts';
import { type DatadogClient, type Json, toJson } from './datadog-json.ts';
import { type MetricSettings, metricSettings } from './datadog-metrics.ts';
import { healthMonitors, isRuleTag, MANAGED_TAG, type RuleMonitor } from './datadog-monitors.ts';
import { type Difference, differences } from './difference.ts';

/** Something that an account lacks, or has otherwise. */
export interface Change {
  /** What it is: `dashboard "Signal training runs"`. */
  readonly subject: string;
  /** None where it is new. */
  readonly differences: readonly Difference[];
  write(): Promise<void>;
}

export interface Plan {
  readonly changes: readonly Change[];
  /** What the user should know beside them. */
  readonly notes: readonly string[];
}

/** What one look at the account gives. */
interface Finding {
  readonly changes?: readonly Change[];
  readonly notes?: readonly string[];
}

export interface PlanOptions {
  readonly datadog: DatadogClient;
  readonly account: DatadogAccount;
  /** Whom the monitors notify. */
  readonly handles: readonly string[];
  /** Is told what is looked at now. */
  readonly onProgress: (task: string) => void;
}

/** Compares an account with what the package makes of the catalogue and the health rules. Writes nothing. */
export async function planChanges(options: PlanOptions): Promise<Plan> {
  const { account, onProgress } = options;
  onProgress('the API key');
  await account.validate();
  onProgress('dashboards');
  const findings = [await planDashboard(options)];
  onProgress('monitors');
  findings.push(await planMonitors(options));
  findings.push(await planMetrics(options));
  return {
    changes: findings.flatMap(({ changes = [] }) => changes),
    notes: findings.flatMap(({ notes = [] }) => notes),
  };
}

async function planDashboard({ datadog, account }: PlanOptions): Promise<Finding> {
  const wanted = trainingDashboard();
  const subject = `dashboard ${JSON.stringify(wanted.title)}`;
  const [current, ...copies] = await account.dashboardsWith(DASHBOARD_MARKER);
  const notes = copies.map(
    ({ id }) =>
      `dashboard ${id} has ${DASHBOARD_MARKER} in its description, too, and is left as it is: the oldest counts, ${current?.id}.`,
  );
  if (current?.id === undefined) {
    return { changes: [{ subject, differences: [], write: () => account.createDashboard(wanted) }] };
  }
  const { id } = current;
  const found = differences(toJson(datadog, 'Dashboard', current), toJson(datadog, 'Dashboard', wanted));
  const write = () => account.updateDashboard(id, { ...ownedByUsers(current), ...wanted });
  return { changes: found.length > 0 ? [{ subject, differences: found, write }] : [], notes };
}

/** An update replaces all of a dashboard: what users set and the package does not goes along. */
function ownedByUsers(current: v1.Dashboard): Partial<v1.Dashboard> {
  const { notifyList, restrictedRoles, tags, templateVariablePresets, defaultTimeframe } = current;
  return {
    ...(notifyList && { notifyList }),
    ...(restrictedRoles && { restrictedRoles }),
    ...(tags && { tags }),
    ...(templateVariablePresets && { templateVariablePresets }),
    ...(defaultTimeframe && { defaultTimeframe }),
  };
}

async function planMonitors(options: PlanOptions): Promise<Finding> {
  const managed = await options.account.monitorsWith(MANAGED_TAG);
  const wanted = healthMonitors(options.handles);
  const tags = new Set(wanted.map(({ ruleTag }) => ruleTag));
  const gone = managed.filter((monitor) => monitor.tags?.some((tag) => isRuleTag(tag) && !tags.has(tag)));
  const findings = wanted.map((monitor) => planMonitor(monitor, managed, options));
  return {
    changes: findings.flatMap(({ changes = [] }) => changes),
    notes: [
      ...findings.flatMap(({ notes = [] }) => notes),
      ...gone.map(({ id, name }) => {
        return `monitor ${id} ${JSON.stringify(name)} is of a rule that there is no longer, and is left as it is.`;
      }),
    ],
  };
}

function planMonitor(
  { ruleTag, monitor: wanted }: RuleMonitor,
  managed: readonly v1.Monitor[],
  { datadog, account }: PlanOptions,
): Finding {
  const { name, message, query, priority } = wanted;
  const subject = `monitor ${JSON.stringify(name)}`;
  const [current, ...copies] = managed.filter(({ tags }) => tags?.includes(ruleTag));
  if (current?.id === undefined) {
    return { changes: [{ subject, differences: [], write: () => account.createMonitor(wanted) }] };
  }
  const { id } = current;
  const notes = copies.map(
    (copy) => `monitor ${copy.id} has the tag ${ruleTag}, too, and is left as it is: the oldest counts, ${id}.`,
  );
  const found = differences(monitorJson(datadog, current), monitorJson(datadog, wanted));
  const tags = [...new Set([...(current.tags ?? []), ...wanted.tags])];
  const monitorOptions = { ...current.options, ...wanted.options };
  const write = () => account.updateMonitor(id, { name, message, query, priority, tags, options: monitorOptions });
  return { changes: found.length > 0 ? [{ subject, differences: found, write }] : [], notes };
}

/** Without the type, which cannot be changed: Datadog calls the same monitor `metric alert` or `query alert`. */
function monitorJson(datadog: DatadogClient, monitor: v1.Monitor): Json {
  const { type: _, ...json } = toJson(datadog, 'Monitor', monitor);
  return json;
}

async function planMetrics(options: PlanOptions): Promise<Finding> {
  const settings = metricSettings();
  const changes: Change[] = [];
  const missing: string[] = [];
  for (const [index, metric] of settings.entries()) {
    options.onProgress(`metric ${index + 1} of ${settings.length}, ${metric.name}`);
    const found = await planMetric(metric, options);
    if (found === undefined) missing.push(metric.name);
    else changes.push(...found);
  }
  if (missing.length === 0) return { changes };
  return {
    changes,
    notes: [`not there yet: ${missing.join(', ')}. Start a run, then apply again: Datadog has to see a metric first.`],
  };
}

/** `undefined` where Datadog has never had a point of the metric. */
async function planMetric(wanted: MetricSettings, options: PlanOptions): Promise<Change[] | undefined> {
  const { datadog, account } = options;
  const { name, metadata } = wanted;
  const current = await account.metadataOf(name);
  if (current === undefined) return undefined;
  const found = differences(toJson(datadog, 'MetricMetadata', current), toJson(datadog, 'MetricMetadata', metadata));
  const write = () => account.updateMetadata(name, metadata);
  return [
    ...(found.length > 0 ? [{ subject: `metadata of ${name}`, differences: found, write }] : []),
    ...(await planPercentiles(wanted, options)),
  ];
}

async function planPercentiles(
  { name, tagConfiguration }: MetricSettings,
  { account }: PlanOptions,
): Promise<Change[]> {
  if (tagConfiguration === undefined) return [];
  const subject = `percentiles of ${name}`;
  const current = await account.tagConfigurationOf(name);
  if (current === undefined) {
    return [{ subject, differences: [], write: () => account.createTagConfiguration(tagConfiguration) }];
  }
  const { includePercentiles = false } = current;
  if (includePercentiles) return [];
  const difference = { path: 'include_percentiles', before: includePercentiles, after: true };
  return [{ subject, differences: [difference], write: () => account.includePercentiles(name) }];
}
