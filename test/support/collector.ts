import { fileURLToPath } from 'node:url';
import { collectorBinary, kafkaCollectorBinary, requireBinary } from './binaries.ts';
import { type Exit, type RunningProcess, startProcess } from './child.ts';
import { freePort } from './ports.ts';

/** The file that users run. */
export const rootConfig = fileURLToPath(new URL('../../otel-collector-config.yaml', import.meta.url));

/** The file for those who want everything on disk until Datadog has it, and for the gateways of a fleet. */
export const durableConfig = fileURLToPath(new URL('../../deploy/durable.yaml', import.meta.url));

/** The file of the Collector on each host, which sends to such ones. */
export const agentConfig = fileURLToPath(new URL('../../deploy/agent.yaml', import.meta.url));

/** The file that makes a gateway let in nobody but agents with a certificate: a second one beside the gateway's own. */
export const gatewayTlsConfig = fileURLToPath(new URL('../../deploy/gateway-tls.yaml', import.meta.url));

/** The files of an agent that sends to Kafka, and of a gateway that reads from it. */
export const kafkaAgentConfig = fileURLToPath(new URL('../../deploy/kafka/agent.yaml', import.meta.url));
export const kafkaGatewayConfig = fileURLToPath(new URL('../../deploy/kafka/gateway.yaml', import.meta.url));

/** The file that brings metrics to a Prometheus beside the Collector. */
export const localConfig = fileURLToPath(new URL('../../deploy/local/collector.yaml', import.meta.url));

/** What the first file says to start the Collector with. */
const rootArgs = ['--feature-gates=-exporter.datadogexporter.metricexportserializerclient'];

export interface CollectorPorts {
  readonly http: number;
  readonly grpc: number;
  readonly health: number;
  readonly metrics: number;
}

export async function freeCollectorPorts(): Promise<CollectorPorts> {
  return { http: await freePort(), grpc: await freePort(), health: await freePort(), metrics: await freePort() };
}

/** A real Collector; leaving its scope kills it. */
export interface Collector extends AsyncDisposable {
  readonly pid: number;
  /** Give these to another one that is to take its place. */
  readonly ports: CollectorPorts;
  readonly httpEndpoint: string;
  readonly grpcEndpoint: string;
  readonly healthEndpoint: string;
  /** As if the machine had lost power. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Lets it send what it holds. */
  stop(options?: { readonly deadlineMillis?: number }): Promise<Exit>;
  output(): string;
  waitForOutput: RunningProcess['waitForOutput'];
  /** What waits in the queues of its exporters, by its own metrics: those have to be on, and the queues used. */
  queueBytes(): Promise<number>;
}

export interface CollectorOptions {
  readonly config?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: CollectorPorts;
}

/** Resolves once its receivers listen. */
export async function startCollector({
  config = rootConfig,
  args = config === rootConfig ? rootArgs : [],
  env = {},
  ports: given,
}: CollectorOptions = {}): Promise<Collector> {
  const ports = given ?? (await freeCollectorPorts());
  const { http, grpc, health, metrics } = ports;
  const binary = config === kafkaAgentConfig || config === kafkaGatewayConfig ? kafkaCollectorBinary : collectorBinary;
  const child = await startProcess(requireBinary(binary), ['--config', config, ...args], {
    env: {
      OTELCOL_OTLP_HTTP_ENDPOINT: `127.0.0.1:${http}`,
      OTELCOL_OTLP_GRPC_ENDPOINT: `127.0.0.1:${grpc}`,
      OTELCOL_HEALTH_ENDPOINT: `127.0.0.1:${health}`,
      OTELCOL_METRICS_PORT: String(metrics),
      ...env,
    },
  });
  try {
    await child.waitForOutput(/Everything is ready/, { timeoutMillis: 30_000 });
  } catch (error) {
    await child.kill();
    throw error;
  }
  return {
    pid: child.pid,
    ports,
    httpEndpoint: `http://127.0.0.1:${http}`,
    grpcEndpoint: `http://127.0.0.1:${grpc}`,
    healthEndpoint: `http://127.0.0.1:${health}`,
    async queueBytes() {
      const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
      const sizes = [...page.matchAll(/^otelcol_exporter_queue_size\{.*\} (\S+)$/gm)].map(([, size]) => Number(size));
      if (sizes.length === 0) throw new Error('The Collector tells no sizes of queues.');
      return sizes.reduce((sum, size) => sum + size);
    },
    kill: child.kill,
    stop: child.stop,
    output: child.output,
    waitForOutput: child.waitForOutput,
    [Symbol.asyncDispose]: child[Symbol.asyncDispose],
  };
}
