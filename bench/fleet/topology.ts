import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { agentConfig, durableConfig } from '../../test/support/collector.ts';
import { startLoadBalancer } from '../../test/support/load-balancer.ts';
import { type Received, Receiver } from '../support/receiver.ts';
import { Hop } from './hop.ts';
import type { FleetLedger } from './ledger.ts';
import { Part } from './part.ts';

const KEY = 'key-of-the-intake-double';
/** What a request to Datadog's OTLP intake may be, in bytes: as sent, and uncompressed. */
const INTAKE_LIMITS = [500_000, 5_000_000] as const;

/** One agent, a load balancer, two gateways, and a double of Datadog's OTLP intake, as the files of deploy/ have them. */
export class Topology implements AsyncDisposable {
  /** Where processes send. */
  readonly url: string;
  readonly intake: Receiver;
  readonly agent: Hop;
  readonly gateways: readonly [Hop, Hop];
  readonly parts: readonly Part[];
  /** Bytes so far on the way to the agent, to the gateways, and of metrics and spans to the intake. */
  readonly #bytes: () => HopBytes;
  readonly #open: AsyncDisposableStack;

  private constructor(
    hops: Pick<Topology, 'url' | 'intake' | 'agent' | 'gateways'>,
    bytes: () => HopBytes,
    open: AsyncDisposableStack,
  ) {
    this.url = hops.url;
    this.intake = hops.intake;
    this.agent = hops.agent;
    this.gateways = hops.gateways;
    this.parts = [
      new Part('agent', () => hops.agent.pids),
      ...hops.gateways.map((gateway, at) => new Part(`gateway ${at + 1}`, () => gateway.pids)),
    ];
    this.#bytes = bytes;
    this.#open = open;
  }

  static async open(folder: string, ledger: FleetLedger): Promise<Topology> {
    await using open = new AsyncDisposableStack();
    const taken = { metrics: 0, spans: 0, uncompressed: 0 };
    const intake = open.use(
      await Receiver.open({
        refuse,
        takePoints: (points, { bytes, uncompressedBytes }) => {
          taken.metrics += bytes;
          taken.uncompressed += uncompressedBytes;
          ledger.addPoints(points);
        },
        takeSpans: (spans, { bytes, uncompressedBytes }) => {
          taken.spans += bytes;
          taken.uncompressed += uncompressedBytes;
          ledger.addSpans(spans);
        },
      }),
    );
    const start = async (name: string, config: string, env: Readonly<Record<string, string>>) => {
      const queue = join(folder, name);
      mkdirSync(queue);
      return open.use(await Hop.start(config, queue, env));
    };
    const toIntake = { DD_API_KEY: KEY, DATADOG_OTLP_ENDPOINT: intake.url };
    const gateways = [
      await start('gateway-1', durableConfig, toIntake),
      await start('gateway-2', durableConfig, toIntake),
    ] as const;
    const toGateways = open.use(await startLoadBalancer(gateways.map(({ port }) => port)));
    const agent = await start('agent', agentConfig, { OTELCOL_GATEWAY_ENDPOINT: toGateways.url });
    const toAgent = open.use(await startLoadBalancer([agent.port]));
    return new Topology(
      { url: toAgent.url, intake, agent, gateways },
      () => ({ toAgent: toAgent.bytes(), toGateways: toGateways.bytes(), ...taken }),
      open.move(),
    );
  }

  bytes(): HopBytes {
    return this.#bytes();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync();
  }
}

/** Bytes as they go over the wire; of the intake, of request bodies. */
export interface HopBytes {
  readonly toAgent: number;
  readonly toGateways: number;
  readonly metrics: number;
  readonly spans: number;
  /** Metrics and spans as they wait in a Collector's queue. */
  readonly uncompressed: number;
}

function refuse({ headers, bytes, uncompressedBytes }: Received): number | undefined {
  if (headers['dd-api-key'] !== KEY) return 403;
  return bytes > INTAKE_LIMITS[0] || uncompressedBytes > INTAKE_LIMITS[1] ? 413 : undefined;
}
