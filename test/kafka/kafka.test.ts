import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  type Collector,
  freeCollectorPorts,
  kafkaAgentConfig,
  kafkaGatewayConfig,
  startCollector,
} from '../support/collector.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka.ts';
import { arrived, lanes, ofEveryLane, sendAll, sortedArrivals, upTo } from '../support/numbered.ts';
import { freePort } from '../support/ports.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** How long the Collectors' clients may take to find a group or a broker again. */
const timeoutMillis = 50_000;

async function createFleet(scope: AsyncDisposableStack) {
  const folder = scope.use(new TemporaryFolder()).path;
  const intake = scope.use(await startDatadogIntake());
  const port = await freePort();
  const brokers = `[127.0.0.1:${port}]`;
  const brokerFolder = join(folder, 'broker');
  mkdirSync(brokerFolder);
  return {
    intake,
    startBroker: async (): Promise<KafkaBroker> => scope.use(await startKafkaBroker({ port, folder: brokerFolder })),
    /** It answers its senders whether the broker is there or not. */
    startAgent: async (): Promise<Collector> =>
      scope.use(
        await startCollector({
          config: kafkaAgentConfig,
          env: {
            KAFKA_BROKERS: brokers,
            OTELCOL_QUEUE_DIRECTORY: join(folder, 'agent'),
            OTELCOL_BATCH_TIMEOUT: '100ms',
            OTELCOL_METRICS_LEVEL: 'normal',
          },
        }),
      ),
    startGateway: async (): Promise<Collector> =>
      scope.use(
        await startCollector({
          config: kafkaGatewayConfig,
          env: { ...intake.collectorEnv, KAFKA_BROKERS: brokers },
          ports: await freeCollectorPorts(),
        }),
      ),
    allArrived: (count: number) =>
      intake.waitFor(() => lanes.every((lane) => new Set(arrived(intake, lane)).size === count), { timeoutMillis }),
  };
}

it('brings everything to Datadog once, also what was sent before broker and gateways were there', async () => {
  await using scope = new AsyncDisposableStack();
  const fleet = await createFleet(scope);
  const agent = await fleet.startAgent();
  await sendAll(agent.httpEndpoint, 1, 10);
  await fleet.startBroker();
  await sendAll(agent.httpEndpoint, 11, 20);
  while ((await agent.queueBytes()) > 0) await sleep(20);
  const gateways = [await fleet.startGateway(), await fleet.startGateway()];
  await fleet.allArrived(20);
  for (const collector of [agent, ...gateways]) await collector.stop();
  expect(sortedArrivals(fleet.intake)).toEqual(ofEveryLane(() => upTo(20)));
});

it('loses nothing when the broker is killed, and the gateway with what Datadog does not take', async () => {
  await using scope = new AsyncDisposableStack();
  const fleet = await createFleet(scope);
  const { intake } = fleet;
  const first = await fleet.startBroker();
  const agent = await fleet.startAgent();
  const gateway = await fleet.startGateway();
  await sendAll(agent.httpEndpoint, 1, 10);
  await fleet.allArrived(10);

  intake.failWith(503);
  await sendAll(agent.httpEndpoint, 11, 20);
  await intake.waitFor(() => intake.requests.some(({ status }) => status === 503), { timeoutMillis });
  await gateway.kill('SIGKILL');
  // What the broker had when it was killed has been answered.
  while ((await agent.queueBytes()) > 0) await sleep(20);
  await first.kill();
  await sendAll(agent.httpEndpoint, 21, 30);
  await fleet.startBroker();
  const second = await fleet.startGateway();
  intake.failWith(null);
  await fleet.allArrived(30);
  for (const collector of [agent, second]) await collector.stop();
  // What Datadog had taken when the gateway was killed is read again.
  expect(ofEveryLane((lane) => new Set(sortedArrivals(intake)[lane]))).toEqual(ofEveryLane(() => new Set(upTo(30))));
});

it('gives up nothing when a gateway ends while Datadog is away', async () => {
  await using scope = new AsyncDisposableStack();
  const fleet = await createFleet(scope);
  await fleet.startBroker();
  const agent = await fleet.startAgent();
  const gateway = await fleet.startGateway();
  fleet.intake.failWith(503);
  await sendAll(agent.httpEndpoint, 1, 10);
  await fleet.intake.waitFor(() => fleet.intake.requests.length > 0, { timeoutMillis });
  expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  const second = await fleet.startGateway();
  fleet.intake.failWith(null);
  await fleet.allArrived(10);
  for (const collector of [agent, second]) await collector.stop();
  expect(sortedArrivals(fleet.intake)).toEqual(ofEveryLane(() => upTo(10)));
});
