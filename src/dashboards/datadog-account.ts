import type { v1, v2 } from '@datadog/datadog-api-client';
import type { DatadogClient } from './datadog-json.ts';

/** What an application key needs; Datadog's names. */
export type Permission =
  | 'dashboards_read'
  | 'dashboards_write'
  | 'monitors_read'
  | 'monitors_write'
  | 'metrics_read'
  | 'metrics_metadata_write'
  | 'metric_tags_write';

export interface Connection {
  /** Of the API, without a slash at its end. */
  readonly url: string;
  readonly apiKey: string;
  readonly appKey: string;
}

/** Datadog has refused a request. */
export class DatadogRefusal extends Error {
  readonly status: number;
  /** What the application key needed for it; `undefined` where the API key alone was asked for. */
  readonly permission: Permission | undefined;

  constructor(status: number, task: string, permission: Permission | undefined, detail: string) {
    super(`could not ${task}: Datadog answered ${status}${detail && `, ${detail}`}`);
    this.status = status;
    this.permission = permission;
  }
}

const TIMEOUT_MILLIS = 30_000;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An account of Datadog's, as far as the package has anything to do with it. */
export class DatadogAccount {
  readonly #client: DatadogClient;
  readonly #authentication: v1.AuthenticationApi;
  readonly #dashboards: v1.DashboardsApi;
  readonly #monitors: v1.MonitorsApi;
  readonly #metadata: v1.MetricsApi;
  readonly #tags: v2.MetricsApi;

  /** @param onRetry is told the status of an answer after which the request is sent again. */
  constructor(datadog: DatadogClient, { url, apiKey, appKey }: Connection, onRetry: (status: number) => void) {
    const { client, v1, v2, logger } = datadog;
    // It writes errors to the console, past the caller, who gets them anyhow.
    logger.setLevel(logger.levels.SILENT, false);
    const configuration = client.createConfiguration({
      baseServer: new client.ServerConfiguration(url, {}),
      authMethods: { apiKeyAuth: apiKey, appKeyAuth: appKey },
      enableRetry: true,
      // Node's own: the client's goes round NODE_USE_ENV_PROXY and waits for ever.
      fetch: fetchTelling(onRetry),
    });
    this.#client = datadog;
    this.#authentication = new v1.AuthenticationApi(configuration);
    this.#dashboards = new v1.DashboardsApi(configuration);
    this.#monitors = new v1.MonitorsApi(configuration);
    this.#metadata = new v1.MetricsApi(configuration);
    this.#tags = new v2.MetricsApi(configuration);
  }

  /** @throws DatadogRefusal where the API key is not one of the site's. */
  async validate(): Promise<void> {
    await this.#ask('check the API key', undefined, () => this.#authentication.validate());
  }

  /** The dashboards whose description has the marker, the oldest first. */
  async dashboardsWith(marker: string): Promise<v1.Dashboard[]> {
    return this.#ask('read dashboards', 'dashboards_read', async () => {
      const marked: v1.DashboardSummaryDefinition[] = [];
      for await (const summary of this.#dashboards.listDashboardsWithPagination()) {
        if (summary.description?.includes(marker)) marked.push(summary);
      }
      const ids = marked.toSorted((a, b) => timeOf(a) - timeOf(b)).flatMap(({ id }) => id ?? []);
      return Promise.all(ids.map((dashboardId) => this.#dashboards.getDashboard({ dashboardId })));
    });
  }

  async createDashboard(body: v1.Dashboard): Promise<void> {
    await this.#ask('create the dashboard', 'dashboards_write', () => this.#dashboards.createDashboard({ body }));
  }

  async updateDashboard(dashboardId: string, body: v1.Dashboard): Promise<void> {
    const update = () => this.#dashboards.updateDashboard({ dashboardId, body });
    await this.#ask('change the dashboard', 'dashboards_write', update);
  }

  /** The monitors with the tag, the oldest first. */
  async monitorsWith(tag: string): Promise<v1.Monitor[]> {
    return this.#ask('read monitors', 'monitors_read', async () => {
      const monitors: v1.Monitor[] = [];
      const pages = this.#monitors.listMonitorsWithPagination({ monitorTags: tag });
      for await (const monitor of pages) monitors.push(monitor);
      return monitors.toSorted((a, b) => (a.id ?? 0) - (b.id ?? 0));
    });
  }

  async createMonitor(body: v1.Monitor): Promise<void> {
    await this.#ask(`create ${body.name}`, 'monitors_write', () => this.#monitors.createMonitor({ body }));
  }

  async updateMonitor(monitorId: number, body: v1.MonitorUpdateRequest): Promise<void> {
    const update = () => this.#monitors.updateMonitor({ monitorId, body });
    await this.#ask(`change ${body.name}`, 'monitors_write', update);
  }

  /** `undefined` where Datadog has never had a point of the metric. */
  async metadataOf(metricName: string): Promise<v1.MetricMetadata | undefined> {
    const get = () => this.#metadata.getMetricMetadata({ metricName });
    return ifThere(this.#ask(`read the metadata of ${metricName}`, 'metrics_read', get));
  }

  async updateMetadata(metricName: string, body: v1.MetricMetadata): Promise<void> {
    const update = () => this.#metadata.updateMetricMetadata({ metricName, body });
    await this.#ask(`change the metadata of ${metricName}`, 'metrics_metadata_write', update);
  }

  /** `undefined` where nobody has made one. */
  async tagConfigurationOf(metricName: string): Promise<v2.MetricTagConfigurationAttributes | undefined> {
    const get = () => this.#tags.listTagConfigurationByName({ metricName });
    const response = await ifThere(this.#ask(`read the tag configuration of ${metricName}`, 'metrics_read', get));
    return response && (response.data?.attributes ?? {});
  }

  async createTagConfiguration(data: v2.MetricTagConfigurationCreateData): Promise<void> {
    const create = () => this.#tags.createTagConfiguration({ metricName: data.id, body: { data } });
    await this.#ask(`switch on percentiles of ${data.id}`, 'metric_tags_write', create);
  }

  /** Leaves the rest of the metric's tag configuration as it is. */
  async includePercentiles(metricName: string): Promise<void> {
    const data: v2.MetricTagConfigurationUpdateData = {
      id: metricName,
      type: 'manage_tags',
      attributes: { includePercentiles: true },
    };
    const update = () => this.#tags.updateTagConfiguration({ metricName, body: { data } });
    await this.#ask(`switch on percentiles of ${metricName}`, 'metric_tags_write', update);
  }

  async #ask<Answer>(
    task: string,
    permission: Permission | undefined,
    request: () => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof this.#client.client.ApiException)) throw error;
      throw new DatadogRefusal(error.code, task, permission, reasonOf(error.body));
    }
  }
}

/** The client sends a request again after 429, when the rate limit allows it, and after answers from 500 on. */
function fetchTelling(onRetry: (status: number) => void): Fetch {
  return async (url, init) => {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
    if (response.status === 429 || response.status >= 500) onRetry(response.status);
    return response;
  };
}

async function ifThere<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DatadogRefusal && error.status === 404) return undefined;
    throw error;
  }
}

/** What Datadog says: the errors of its answer, or its text. */
function reasonOf(body: unknown): string {
  if (typeof body === 'string') return body;
  if (typeof body !== 'object' || body === null || !('errors' in body) || !Array.isArray(body.errors)) return '';
  return body.errors.join('; ');
}

function timeOf({ createdAt }: v1.DashboardSummaryDefinition): number {
  return createdAt?.getTime() ?? 0;
}
