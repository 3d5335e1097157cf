import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboardExpression } from '../../src/dashboards/prometheus-query.ts';
import { prometheusRules } from '../../src/dashboards/prometheus-rules.ts';
import { type Binary, collectorBinary, promtoolBinary, requireBinary } from '../support/binaries.ts';
import { startNode } from '../support/child.ts';
import { localConfig, startCollector } from '../support/collector.ts';
import { readCompose, type Service } from '../support/compose.ts';
import { chosen } from '../support/grafana.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startTrainingServer } from '../support/training-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const prometheusConfig = join(root, 'deploy/local/prometheus.yml');
const provisioning = join(root, 'deploy/local/grafana/provisioning');

const { services, volumes } = readCompose();
const isCollector = ({ image }: Service) => image.startsWith('otel/opentelemetry-collector');

function service(name: string): Service {
  const found = services.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`docker-compose.yml has no ${name}`);
  return found;
}

function outcomeOf(binary: Binary, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(requireBinary(binary), args, { cwd: root });
  return { status, output: `${stdout}${stderr}` };
}

describe('docker-compose.yml', () => {
  it('has a profile for Datadog and one for this machine, and starts the first where none is named', () => {
    const profiles = services.map(({ name, profiles }) => [name, profiles]);
    expect(Object.fromEntries(profiles)).toEqual({
      collector: ['datadog'],
      'collector-local': ['local'],
      prometheus: ['local'],
      grafana: ['local'],
    });
    expect(readFileSync(join(root, '.env'), 'utf8')).toMatch(/^COMPOSE_PROFILES=datadog$/m);
  });

  it('pins every image', () => {
    for (const { image } of services) expect(image).toMatch(/^[a-z]+\/[a-z-]+:v?\d+\.\d+\.\d+$/);
  });

  it('publishes nothing beyond this machine', () => {
    expect(services.flatMap(({ ports }) => ports).length).toBeGreaterThan(0);
    for (const { ports } of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('mounts what is there, and lets no container write to it', () => {
    for (const { volumes: mounts } of services) {
      for (const { source, mode } of mounts) {
        if (volumes.includes(source)) continue;
        expect(source).toMatch(/^\.\//);
        expect(existsSync(join(root, source))).toBe(true);
        expect(mode).toBe('ro');
      }
    }
  });

  it('knows when each is well; a Collector, whose image has nothing to ask with, answers from outside', () => {
    for (const each of services) {
      if (isCollector(each)) expect(each.ports).toContain('127.0.0.1:13133:13133');
      else expect(each.healthcheck?.[0]).toBe('CMD');
      for (const [other, condition] of Object.entries(each.dependsOn)) {
        expect(condition).toEqual({ condition: 'service_healthy' });
        expect(service(other).healthcheck).toBeDefined();
        expect(service(other).profiles).toEqual(each.profiles);
      }
    }
  });

  it('lets nobody into Grafana with a password that is known, and anyone look', () => {
    const { environment } = service('grafana');
    expect(environment).toContain('GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION=true');
    expect(environment).toContain('GF_AUTH_ANONYMOUS_ORG_ROLE=Viewer');
    expect(environment.filter((variable) => /PASSWORD|SIGN_UP/.test(variable))).toEqual([]);
  });

  it('brings every file to where the other files look for it', () => {
    const { volumes: ofPrometheus, command } = service('prometheus');
    const [config, rules] = ofPrometheus.map(({ target }) => target);
    expect(command).toContain(`--config.file=${config}`);
    const { rule_files } = parse(readFileSync(prometheusConfig, 'utf8'));
    expect(rule_files.map((file: string) => join(config ?? '', '..', file))).toEqual([rules]);

    const { volumes: ofGrafana, environment } = service('grafana');
    const dashboard = ofGrafana.find(({ source }) => source === './dashboards/grafana.json')?.target ?? '';
    expect(environment).toContain(`GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH=${dashboard}`);
    const provided = parse(readFileSync(join(provisioning, 'dashboards/signal-otel.yaml'), 'utf8'));
    expect(provided.providers).toMatchObject([{ type: 'file', options: { path: join(dashboard, '..') } }]);

    for (const { volumes: mounts, command: words } of services.filter(isCollector)) {
      expect(words).toContain(`--config=${mounts[0]?.target}`);
    }
  });

  it('names the data source where Prometheus is', () => {
    expect(readdirSync(provisioning).sort()).toEqual(['dashboards', 'datasources']);
    const { datasources } = parse(readFileSync(join(provisioning, 'datasources/prometheus.yaml'), 'utf8'));
    expect(datasources).toMatchObject([{ type: 'prometheus', isDefault: true, url: 'http://prometheus:9090' }]);
    expect(service('collector-local').environment).toContain('PROMETHEUS_URL=http://prometheus:9090');
    expect(service('prometheus').ports[0]).toMatch(/:9090$/);
  });
});

describe('the files of deploy/local', () => {
  it('are configurations to Collector and promtool', () => {
    expect(outcomeOf(collectorBinary, 'validate', '--config', localConfig)).toEqual({ status: 0, output: '' });
    const checked = outcomeOf(promtoolBinary, 'check', 'config', '--lint-fatal', prometheusConfig);
    expect(checked.output).toContain('12 rules found');
    expect(checked.status).toBe(0);
  });

  it('show a run in Prometheus, and its alert', { timeout: 180_000 }, async () => {
    await using prometheus = await startPrometheus({
      configFile: prometheusConfig,
      // What docker-compose.yml says, but for the folders of the container.
      args: service('prometheus').command.filter((word) => !/^--(config\.file|storage\.tsdb\.path)=/.test(word)),
    });
    const [, ...healthcheck] = service('prometheus').healthcheck ?? [];
    expect(healthcheck[0]).toBe('promtool');
    expect(outcomeOf(promtoolBinary, ...healthcheck.slice(1), '--url', prometheus.url).status).toBe(0);
    const names = prometheusRules().groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect(await prometheus.alertNames()).toEqual(names);

    await using collector = await startCollector({ config: localConfig, env: { PROMETHEUS_URL: prometheus.url } });
    await using server = await startTrainingServer();
    await using driver = await startNode(
      [
        '--require',
        'signal-otel/register',
        'examples/train.ts',
        // For some seconds: of each second the last value comes here.
        ...['--url', server.url, '--steps', '100000', '--target-reward', '201', '--diverge', '64:320'],
      ],
      {
        cwd: root,
        // Nothing else has to be set.
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint,
          OTEL_METRIC_EXPORT_INTERVAL: '1000',
          SIGNAL_API_KEY: 'sk-test',
        },
      },
    );
    const loss = await prometheus.waitForSample('signal_training_loss', undefined, { timeoutMillis: 60_000 });
    expect(loss.labels).toMatchObject({ run_id: expect.stringMatching(/^run_[0-9a-f]{16}$/), team: 'ml' });
    const steps = await prometheus.waitForSample('signal_training_step_total', ({ value }) => value > 64);
    expect(steps.value).toBeLessThan(100_000);
    // Every second is there, and durations have quantiles.
    await prometheus.waitForSample('count_over_time(signal_training_loss[1m])', ({ value }) => value >= 4);
    const p99 = chosen(dashboardExpression('signal.performance.forward_backward_duration_ms', {}, 'p99'));
    const quantile = await prometheus.waitForSample(p99, ({ value }) => Number.isFinite(value));
    expect(quantile.value).toBeGreaterThan(0);

    // Alarms are log records, and stay in the Collector's output.
    await driver.waitForOutput(/signal\.rl\.kl_divergence is \S+ \(critical above 0\.1\)/);
    await expect.poll(() => collector.output(), { timeout: 60_000 }).toContain('signal.rl.kl_divergence');
    // Prometheus judges every 15 s, by all points of the last two minutes.
    const labels = { alertname: 'SignalKlDivergence', severity: 'critical', run_id: loss.labels.run_id };
    const firing = expect.objectContaining({ state: 'firing', labels: expect.objectContaining(labels) });
    await expect.poll(() => prometheus.alerts(), { timeout: 60_000, interval: 200 }).toContainEqual(firing);
    expect(driver.stderr()).not.toMatch(/export|refused|dropped/i);
  });
});
