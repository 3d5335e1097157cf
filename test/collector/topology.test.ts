import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  agentConfig,
  type Collector,
  type CollectorPorts,
  durableConfig,
  freeCollectorPorts,
  gatewayTlsConfig,
  startCollector,
} from '../support/collector.ts';
import { type DatadogIntake, startDatadogIntake } from '../support/datadog-intake.ts';
import { type LoadBalancer, startLoadBalancer } from '../support/load-balancer.ts';
import { arrived, lanes, ofEveryLane, sendAll, sortedArrivals, upTo } from '../support/numbered.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { selfSigned } from '../support/tls.ts';

/** An agent and two gateways behind one address, each with a queue of its own on disk. */
class Fleet implements AsyncDisposable {
  readonly intake: DatadogIntake;
  readonly balancer: LoadBalancer;
  readonly #gatewayPorts: readonly CollectorPorts[];
  readonly #scope: AsyncDisposableStack;
  readonly #folder: string;

  static async create(): Promise<Fleet> {
    await using scope = new AsyncDisposableStack();
    const folder = scope.use(new TemporaryFolder()).path;
    const intake = scope.use(await startDatadogIntake());
    const gatewayPorts = [await freeCollectorPorts(), await freeCollectorPorts()];
    const balancer = scope.use(await startLoadBalancer(gatewayPorts.map(({ http }) => http)));
    return new Fleet({ intake, balancer, gatewayPorts, folder, scope: scope.move() });
  }

  private constructor(parts: {
    readonly intake: DatadogIntake;
    readonly balancer: LoadBalancer;
    readonly gatewayPorts: readonly CollectorPorts[];
    readonly folder: string;
    readonly scope: AsyncDisposableStack;
  }) {
    this.intake = parts.intake;
    this.balancer = parts.balancer;
    this.#gatewayPorts = parts.gatewayPorts;
    this.#folder = parts.folder;
    this.#scope = parts.scope;
  }

  /** Started once more, it is on the same ports and finds its queue. */
  async startAgent(ports?: CollectorPorts, more: Readonly<Record<string, string>> = {}): Promise<Collector> {
    const env = {
      OTELCOL_GATEWAY_ENDPOINT: this.balancer.url,
      OTELCOL_QUEUE_DIRECTORY: join(this.#folder, 'agent'),
      OTELCOL_BATCH_TIMEOUT: '100ms',
      OTELCOL_METRICS_LEVEL: 'normal',
      ...more,
    };
    return this.#scope.use(await startCollector({ config: agentConfig, env, ...(ports && { ports }) }));
  }

  async startGateway(index: 0 | 1): Promise<Collector> {
    const ports = this.#gatewayPorts[index];
    if (ports === undefined) throw new Error(`There is no gateway ${index}.`);
    const env = {
      ...this.intake.collectorEnv,
      OTELCOL_QUEUE_DIRECTORY: join(this.#folder, `gateway-${index}`),
      OTELCOL_METRICS_LEVEL: 'normal',
    };
    return this.#scope.use(await startCollector({ config: durableConfig, env, ports }));
  }

  async allArrived(count: number): Promise<void> {
    const { intake } = this;
    await intake.waitFor(() => lanes.every((lane) => new Set(arrived(intake, lane)).size === count), {
      timeoutMillis: 40_000,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.disposeAsync();
  }
}

it('brings everything to Datadog once, by whichever gateway', async () => {
  await using fleet = await Fleet.create();
  const gateways = [await fleet.startGateway(0), await fleet.startGateway(1)];
  const agent = await fleet.startAgent();
  await sendAll(agent.httpEndpoint, 1, 30);
  await fleet.allArrived(30);
  for (const collector of [agent, ...gateways]) await collector.stop();
  expect(sortedArrivals(fleet.intake)).toEqual(ofEveryLane(() => upTo(30)));
  // Without it two processes of a host would write the same series.
  for (const { tags } of fleet.intake.series) expect(tags).toContain('service.instance.id:process-1');
  for (const connections of fleet.balancer.taken) expect(connections).toBeGreaterThan(0);
});

it('sends large requests whole, so that an agent keeps nothing of what a gateway has', async () => {
  await using fleet = await Fleet.create();
  await fleet.startGateway(0);
  await fleet.startGateway(1);
  const agent = await fleet.startAgent(undefined, { OTELCOL_BATCH_TIMEOUT: '10m' });
  // Cut at 500 kB, a rest of the second would wait for the batch's time-out, and the second for its rest.
  for (const name of ['first', 'second']) await sendLarge(agent.httpEndpoint, name, 300_000);
  const names = () => fleet.intake.logs.map(({ message }) => message.slice(0, 6).trimEnd());
  await fleet.intake.waitFor(() => new Set(names()).size === 2);
  while ((await agent.queueBytes()) > 0) await sleep(20);
  expect(names().toSorted()).toEqual([...Array(10).fill('first'), ...Array(10).fill('second')]);
});

it('loses nothing when the agent is killed while no gateway is there', async () => {
  await using fleet = await Fleet.create();
  const first = await fleet.startAgent();
  await sendAll(first.httpEndpoint, 1, 10);
  await first.kill('SIGKILL');
  const second = await fleet.startAgent(first.ports);
  await sendAll(second.httpEndpoint, 11, 20);
  const gateways = [await fleet.startGateway(0), await fleet.startGateway(1)];
  await fleet.allArrived(20);
  for (const collector of [second, ...gateways]) await collector.stop();
  expect(sortedArrivals(fleet.intake)).toEqual(ofEveryLane(() => upTo(20)));
});

it('loses nothing when a gateway is killed with data that Datadog does not take', async () => {
  await using fleet = await Fleet.create();
  const { intake } = fleet;
  const gateway = await fleet.startGateway(0);
  const other = await fleet.startGateway(1);
  const agent = await fleet.startAgent();
  intake.failWith(503);
  await sendAll(agent.httpEndpoint, 1, 10);
  // Nothing is under way between two of them, where a kill would make it come twice.
  while ((await agent.queueBytes()) > 0) await sleep(20);
  expect(await gateway.queueBytes()).toBeGreaterThan(0);
  expect(await other.queueBytes()).toBeGreaterThan(0);
  await gateway.kill('SIGKILL');
  await sendAll(agent.httpEndpoint, 11, 20);
  const again = await fleet.startGateway(0);
  intake.failWith(null);
  await fleet.allArrived(20);
  for (const collector of [agent, again, other]) await collector.stop();
  expect(sortedArrivals(intake)).toEqual(ofEveryLane(() => upTo(20)));
});

it('lets in the agents that show a certificate, and costs one that does not nothing', async () => {
  await using scope = new AsyncDisposableStack();
  using folder = new TemporaryFolder();
  const [cert, key] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
  writeFileSync(cert, selfSigned.cert);
  writeFileSync(key, selfSigned.key);
  const identity = { OTELCOL_TLS_CERT_FILE: cert, OTELCOL_TLS_KEY_FILE: key };
  const authority = { OTELCOL_TLS_CA_FILE: cert };
  const intake = scope.use(await startDatadogIntake());
  const gateway = scope.use(
    await startCollector({
      config: durableConfig,
      args: ['--config', gatewayTlsConfig],
      env: { ...intake.collectorEnv, ...identity, ...authority, OTELCOL_QUEUE_DIRECTORY: join(folder.path, 'gateway') },
    }),
  );
  const startAgent = async (env: Readonly<Record<string, string>>, ports?: CollectorPorts) =>
    scope.use(
      await startCollector({
        config: agentConfig,
        env: {
          OTELCOL_GATEWAY_ENDPOINT: gateway.httpEndpoint.replace('http:', 'https:'),
          OTELCOL_QUEUE_DIRECTORY: join(folder.path, 'agent'),
          OTELCOL_BATCH_TIMEOUT: '100ms',
          ...env,
        },
        ...(ports && { ports }),
      }),
    );
  const stranger = await startAgent(authority);
  await sendAll(stranger.httpEndpoint, 1, 5);
  await stranger.waitForOutput(/certificate required/);
  await stranger.stop();
  expect(intake.requests).toEqual([]);

  const agent = await startAgent({ ...authority, ...identity }, stranger.ports);
  await intake.waitFor(() => lanes.every((lane) => arrived(intake, lane).length >= 5));
  for (const collector of [agent, gateway]) await collector.stop();
  expect(sortedArrivals(intake)).toEqual(ofEveryLane(() => upTo(5)));
});

/** Ten log records that begin with the name and are so many bytes together. */
async function sendLarge(endpoint: string, name: string, bytes: number): Promise<void> {
  const stringValue = name.padEnd(bytes / 10);
  const logRecords = Array.from({ length: 10 }, () => ({ body: { stringValue } }));
  const { status } = await fetch(`${endpoint}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
  });
  expect(status).toBe(200);
}
