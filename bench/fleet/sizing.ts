import { count, number } from '../support/format.ts';
import type { Table } from '../support/results.ts';

/** What a run of one step a second costs while it goes. */
export interface Cost {
  /** A second. */
  readonly points: number;
  readonly spans: number;
  /** Of all agents, and of all gateways. */
  readonly agentCores: number;
  readonly gatewayCores: number;
  /** A second, compressed. */
  readonly bytesToGateways: number;
  readonly bytesToIntake: number;
  /** On the disks of all Collectors, for a second of an outage. */
  readonly bytesWaiting: number;
}

const RUNS = [1e3, 1e5, 1e7];
/** Half of a core stays free: an outage that is over brings what has waited on top. */
const USED_SHARE = 0.5;
const GATEWAY_CORES = 4;
const OUTAGE_SECONDS = 3_600;

/** What so many runs at a time need, in proportion to what was measured. */
export function sizing(cost: Cost): Table {
  const row = (name: string, figure: (runs: number) => string) => [name, ...RUNS.map(figure)];
  const gateways = (runs: number) => Math.ceil((cost.gatewayCores * runs) / USED_SHARE / GATEWAY_CORES);
  return {
    title: 'What fleets need, by the figures above',
    columns: ['runs at a time, a step a second each', ...RUNS.map(count)],
    rows: [
      row('points a second', (runs) => count(cost.points * runs)),
      row('spans a second', (runs) => count(cost.spans * runs)),
      row('cores of all agents, half used', (runs) => number((cost.agentCores * runs) / USED_SHARE)),
      row('cores of all gateways, half used', (runs) => number((cost.gatewayCores * runs) / USED_SHARE)),
      row(`gateways of ${GATEWAY_CORES} cores, one of them away`, (runs) => count(gateways(runs) + 1)),
      row('MB a second to the gateways', (runs) => number((cost.bytesToGateways * runs) / 1e6)),
      row('GB on the disks of all Collectors after an hour without Datadog', (runs) =>
        number((cost.bytesWaiting * runs * OUTAGE_SECONDS) / 1e9),
      ),
      row('MB a second to Datadog', (runs) => number((cost.bytesToIntake * runs) / 1e6)),
    ],
  };
}
