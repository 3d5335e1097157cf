import { v1 } from '@datadog/datadog-api-client';
import { metricRoutes } from './datadog-api-metrics.ts';
import { type Route, type State, there } from './datadog-api-state.ts';
import {
  checkDashboard,
  checkEvent,
  checkMonitor,
  checkServiceCheck,
  Refusal,
  readModel,
  widgetsOf,
} from './datadog-checks.ts';
import { asList, asRecord } from './shape.ts';

/** What the API answers, and what an account has after it. */
export function routesOf(state: State): Route[] {
  return [
    { method: 'GET', path: /^\/api\/v1\/validate$/, respond: () => ({ valid: true }) },
    {
      method: 'POST',
      path: /^\/api\/v1\/events$/,
      status: 202,
      respond: ({ body }) => {
        const event = readModel('EventCreateRequest', body);
        checkEvent(event);
        state.events.push(event);
        return { status: 'ok', event: { id: state.events.length, title: event.title, text: event.text } };
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/check_run$/,
      status: 202,
      respond: ({ body }) => {
        if (!Array.isArray(body)) throw new Refusal(400, 'the body is no list of checks');
        const checks = asList(body, 'checks').map((check) => readModel('ServiceCheck', check));
        for (const check of checks) checkServiceCheck(check);
        state.checks.push(...checks);
        return { status: 'ok' };
      },
    },
    ...dashboardRoutes(state.dashboards),
    ...monitorRoutes(state.monitors),
    ...metricRoutes(state),
  ];
}

function dashboardRoutes(dashboards: State['dashboards']): Route[] {
  const path = /^\/api\/v1\/dashboard$/;
  const onePath = /^\/api\/v1\/dashboard\/([^/]+)$/;
  let made = 0;
  function keep(id: string, body: unknown, createdAt = new Date()): unknown {
    const dashboard = readModel('Dashboard', body);
    checkDashboard(dashboard);
    for (const [index, widget] of widgetsOf(dashboard.widgets).entries()) widget.id ??= index + 1;
    dashboards.set(id, { ...dashboard, id, createdAt, modifiedAt: new Date(), authorHandle: 'me@example.com' });
    return show(id);
  }
  function show(id: string): unknown {
    return { is_read_only: false, notify_list: null, ...v1.ObjectSerializer.serialize(find(id), 'Dashboard', '') };
  }
  function find(id: string): v1.Dashboard {
    return there(dashboards.get(id), `Dashboard with ID ${id} not found`);
  }
  return [
    {
      method: 'GET',
      path,
      permission: 'dashboards_read',
      respond: ({ query }) => {
        const start = Number(query.get('start') ?? 0);
        const all = [...dashboards.values()].slice(start, start + Number(query.get('count') ?? 100));
        const summaries = all.map(({ id, title, description, layoutType, createdAt }) => {
          return { id, title, description, layout_type: layoutType, created_at: createdAt };
        });
        return { dashboards: summaries };
      },
    },
    { method: 'GET', path: onePath, permission: 'dashboards_read', respond: ({ parameter }) => show(parameter) },
    {
      method: 'POST',
      path,
      permission: 'dashboards_write',
      respond: ({ body }) => {
        made += 1;
        return keep(`abc-def-${made}`, body, new Date(Date.now() + made));
      },
    },
    {
      method: 'PUT',
      path: onePath,
      permission: 'dashboards_write',
      respond: ({ parameter, body }) => keep(parameter, body, find(parameter).createdAt),
    },
    {
      method: 'DELETE',
      path: onePath,
      permission: 'dashboards_write',
      respond: ({ parameter }) => {
        find(parameter);
        dashboards.delete(parameter);
        return { deleted_dashboard_id: parameter };
      },
    },
  ];
}

function monitorRoutes(monitors: State['monitors']): Route[] {
  const path = /^\/api\/v1\/monitor$/;
  const onePath = /^\/api\/v1\/monitor\/(\d+)$/;
  let made = 0;
  function keep(id: number, body: unknown): unknown {
    const monitor = readModel('Monitor', body);
    checkMonitor(monitor);
    // Datadog calls a metric alert with groups a query alert.
    monitors.set(id, { ...monitor, id, type: 'query alert', multi: monitor.query.includes(' by {') });
    return show(id);
  }
  function show(id: number): Record<string, unknown> {
    const json = asRecord(v1.ObjectSerializer.serialize(find(id), 'Monitor', ''), 'a monitor');
    const options = {
      notify_audit: false,
      silenced: {},
      new_host_delay: 300,
      ...asRecord(json.options ?? {}, 'options'),
    };
    return { ...json, options, deleted: null, restricted_roles: null, overall_state: 'No Data' };
  }
  function find(id: number): v1.Monitor {
    return there(monitors.get(id), 'Monitor not found');
  }
  return [
    {
      method: 'GET',
      path,
      permission: 'monitors_read',
      respond: ({ query }) => {
        const tags = query.get('monitor_tags')?.split(',') ?? [];
        const tagged = [...monitors.values()].filter((monitor) => tags.every((tag) => monitor.tags?.includes(tag)));
        const size = Number(query.get('page_size') ?? 100);
        const start = Number(query.get('page') ?? 0) * size;
        return tagged.slice(start, start + size).map(({ id }) => show(id ?? 0));
      },
    },
    { method: 'GET', path: onePath, permission: 'monitors_read', respond: ({ parameter }) => show(Number(parameter)) },
    {
      method: 'POST',
      path,
      permission: 'monitors_write',
      respond: ({ body }) => {
        made += 1;
        return keep(made, body);
      },
    },
    {
      method: 'PUT',
      path: onePath,
      permission: 'monitors_write',
      respond: ({ parameter, body }) => {
        const { deleted: _, overall_state: __, multi: ___, ...current } = show(Number(parameter));
        return keep(Number(parameter), { ...current, ...asRecord(body, 'a monitor') });
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/monitor\/validate$/,
      permission: 'monitors_read',
      respond: ({ body }) => {
        checkMonitor(readModel('Monitor', body));
        return {};
      },
    },
  ];
}
