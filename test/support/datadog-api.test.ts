import { describe, expect, it } from 'vitest';
import { type DatadogApi, startDatadogApi } from './datadog-api.ts';

/** One request as any client would send it. */
async function send(
  api: DatadogApi,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { 'dd-api-key': api.apiKey, 'dd-application-key': api.appKey },
): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, answer: await response.json() };
}

const monitor = {
  name: 'Loss',
  type: 'query alert',
  query: 'avg(last_5m):avg:signal.training.loss{*} by {run_id} > 10',
  tags: ['team:ml'],
  options: { thresholds: { critical: 10, critical_recovery: 9 } },
};

const dashboard = {
  title: 'Mine',
  layout_type: 'ordered',
  widgets: [{ definition: { type: 'note', content: 'hello' } }],
};

const tags = (attributes: object, id = 'signal.ms') => ({ data: { type: 'manage_tags', id, attributes } });
const seconds = (ago: number) => Math.floor(Date.now() / 1_000) - ago;
const check = { check: 'signal.health', host_name: 'h', status: 2, tags: ['run_id:1'] };

describe("the double of Datadog's API", () => {
  it('keeps what it accepts, in the terms of the official client', async () => {
    await using api = await startDatadogApi({ knownMetrics: { 'signal.ms': 'distribution' } });
    const event = { title: 'KL', text: 'too high', alert_type: 'warning', date_happened: seconds(60), tags: ['a:b'] };
    expect(await send(api, 'POST', '/api/v1/events', event, { 'dd-api-key': api.apiKey })).toMatchObject({
      status: 202,
    });
    expect((await send(api, 'POST', '/api/v1/check_run', [check])).status).toBe(202);
    expect(await send(api, 'POST', '/api/v1/dashboard', dashboard)).toMatchObject({ answer: { id: 'abc-def-1' } });
    expect(await send(api, 'POST', '/api/v1/monitor', monitor)).toMatchObject({ answer: { id: 1, multi: true } });
    expect((await send(api, 'PUT', '/api/v1/metrics/signal.ms', { unit: 'millisecond' })).status).toBe(200);
    const distribution = { metric_type: 'distribution', tags: [], include_percentiles: true };
    expect((await send(api, 'POST', '/api/v2/metrics/signal.ms/tags', tags(distribution))).status).toBe(201);

    expect(api.events).toMatchObject([{ title: 'KL', alertType: 'warning', tags: ['a:b'] }]);
    expect(api.checks).toMatchObject([{ check: 'signal.health', hostName: 'h', status: 2 }]);
    expect(api.dashboards).toMatchObject([{ title: 'Mine', layoutType: 'ordered' }]);
    expect(api.monitors).toMatchObject([{ name: 'Loss', options: { thresholds: { criticalRecovery: 9 } } }]);
    expect(api.metadata.get('signal.ms')).toEqual({ unit: 'millisecond' });
    expect(api.tagConfigurations.get('signal.ms')).toMatchObject({ includePercentiles: true });
    expect(api.requests.at(-1)).toEqual({ method: 'POST', path: '/api/v2/metrics/signal.ms/tags', status: 201 });
    expect(await send(api, 'GET', '/api/v1/monitor?monitor_tags=team:ml')).toMatchObject({ answer: [{ id: 1 }] });
    expect(await send(api, 'GET', '/api/v1/monitor?monitor_tags=team:web')).toMatchObject({ answer: [] });
    expect(await send(api, 'GET', '/api/v1/metrics?from=0')).toMatchObject({ answer: { metrics: ['signal.ms'] } });
  });

  it.each<[string, string, string, unknown, number, string]>([
    ['a path that is not there', 'GET', '/api/v1/dashboards', undefined, 404, 'there is no'],
    ['no JSON', 'POST', '/api/v1/events', '{', 400, 'no JSON'],
    ['an event without a title', 'POST', '/api/v1/events', { text: 'x' }, 400, 'title'],
    ['a title too long', 'POST', '/api/v1/events', { title: 'x'.repeat(101), text: '' }, 400, 'title'],
    ['a text too long', 'POST', '/api/v1/events', { title: 'x', text: 'x'.repeat(4_001) }, 400, 'text'],
    ['an unknown alert type', 'POST', '/api/v1/events', { title: 'x', text: '', alert_type: 'bad' }, 400, 'alertType'],
    [
      'an old event',
      'POST',
      '/api/v1/events',
      { title: 'x', text: '', date_happened: seconds(70_000) },
      400,
      '18 hours',
    ],
    [
      'a key too long',
      'POST',
      '/api/v1/events',
      { title: 'x', text: '', aggregation_key: 'x'.repeat(101) },
      400,
      'aggregation_key',
    ],
    ['tags that are no list', 'POST', '/api/v1/events', { title: 'x', text: '', tags: 'a:b' }, 400, 'mismatch'],
    ['tags that are no text', 'POST', '/api/v1/events', { title: 'x', text: '', tags: [1] }, 400, 'string'],
    ['a tag too long', 'POST', '/api/v1/events', { title: 'x', text: '', tags: ['x'.repeat(201)] }, 400, '200'],
    ['a check that is no list', 'POST', '/api/v1/check_run', check, 400, 'list'],
    ['a check without tags', 'POST', '/api/v1/check_run', [{ ...check, tags: undefined }], 400, 'tags'],
    ['an unknown status', 'POST', '/api/v1/check_run', [{ ...check, status: 4 }], 400, 'status'],
    ['an old check', 'POST', '/api/v1/check_run', [{ ...check, timestamp: seconds(700) }], 400, '10 minutes'],
    ['a dashboard without widgets', 'POST', '/api/v1/dashboard', { ...dashboard, widgets: undefined }, 400, 'widgets'],
    ['an unknown layout', 'POST', '/api/v1/dashboard', { ...dashboard, layout_type: 'grid' }, 400, 'layoutType'],
    ['what a dashboard has not', 'POST', '/api/v1/dashboard', { ...dashboard, colour: 1 }, 400, 'colour'],
    [
      'an unknown widget',
      'POST',
      '/api/v1/dashboard',
      { ...dashboard, widgets: [{ definition: { type: 'x' } }] },
      400,
      'definition',
    ],
    ['a dashboard that is not there', 'PUT', '/api/v1/dashboard/x', dashboard, 404, 'not found'],
    ['a query that does not parse', 'POST', '/api/v1/monitor', { ...monitor, query: 'loss > 10' }, 400, 'parse'],
    [
      'a threshold other than that of the query',
      'POST',
      '/api/v1/monitor',
      { ...monitor, options: { thresholds: { critical: 9 } } },
      400,
      'critical',
    ],
    [
      'a recovery on the wrong side',
      'POST',
      '/api/v1/monitor',
      { ...monitor, options: { thresholds: { critical: 10, critical_recovery: 11 } } },
      400,
      'wrong side',
    ],
    ['a monitor that is not there', 'GET', '/api/v1/monitor/7', undefined, 404, 'not found'],
    ['a metric without points', 'GET', '/api/v1/metrics/signal.new', undefined, 404, 'not found'],
    ['an unknown unit', 'PUT', '/api/v1/metrics/signal.ms', { unit: 'ms' }, 400, 'unit'],
    [
      'percentiles of a gauge',
      'POST',
      '/api/v2/metrics/signal.loss/tags',
      tags({ metric_type: 'gauge', tags: [], include_percentiles: true }, 'signal.loss'),
      400,
      'distributions',
    ],
    ['a change of no tag configuration', 'PATCH', '/api/v2/metrics/signal.ms/tags', tags({}), 404, 'tag configuration'],
    ['no from', 'GET', '/api/v1/metrics', undefined, 400, 'from'],
  ])('refuses %s', async (_, method, path, body, status, reason) => {
    await using api = await startDatadogApi({ knownMetrics: { 'signal.ms': 'distribution', 'signal.loss': 'gauge' } });
    expect(await send(api, method, path, body)).toEqual({
      status,
      answer: { errors: [expect.stringContaining(reason)] },
    });
    expect([...api.events, ...api.checks, ...api.dashboards, ...api.monitors]).toEqual([]);
  });

  it('refuses wrong keys, and permissions that the application key has not', async () => {
    await using api = await startDatadogApi({ permissions: ['dashboards_read'] });
    const status = async (path: string, headers: Record<string, string>) =>
      (await send(api, 'GET', path, undefined, headers)).status;
    const [apiKey, appKey] = [{ 'dd-api-key': api.apiKey }, { 'dd-application-key': api.appKey }];
    expect(await status('/api/v1/validate', {})).toBe(403);
    expect(await status('/api/v1/validate', { 'dd-api-key': 'x' })).toBe(403);
    expect(await status('/api/v1/validate', apiKey)).toBe(200);
    expect(await status('/api/v1/dashboard', apiKey)).toBe(403);
    expect(await status('/api/v1/dashboard', { ...apiKey, ...appKey })).toBe(200);
    expect(await status('/api/v1/monitor', { ...apiKey, ...appKey })).toBe(403);
  });

  it('refuses a second tag configuration, and bodies that are too large', async () => {
    await using api = await startDatadogApi({ knownMetrics: { 'signal.ms': 'distribution' } });
    const body = tags({ metric_type: 'distribution', tags: [] });
    const path = '/api/v2/metrics/signal.ms/tags';
    expect((await send(api, 'POST', path, body)).status).toBe(201);
    expect((await send(api, 'POST', path, body)).status).toBe(409);
    expect((await send(api, 'POST', '/api/v1/events', 'x'.repeat(3_200_001))).status).toBe(413);
  });

  it('can be out of order', async () => {
    await using api = await startDatadogApi();
    api.failWith(503, 1);
    expect((await send(api, 'GET', '/api/v1/validate')).status).toBe(503);
    expect((await send(api, 'GET', '/api/v1/validate')).status).toBe(200);
    api.failWith(429);
    expect((await send(api, 'GET', '/api/v1/validate')).status).toBe(429);
    api.failWith(null);
    const arrived = api.waitFor(() => api.requests.length === 4);
    expect((await send(api, 'GET', '/api/v1/validate')).status).toBe(200);
    await arrived;
  });
});
