import { setTimeout } from 'node:timers/promises';
import { StatsD } from 'hot-shots';
import type { Contender, Ports } from '../support/contender.ts';
import { COUNTER, GAUGES, gaugesOf, HISTOGRAMS, histogramsOf, TAGS, values } from '../support/workload.ts';

/** Buffers up to a datagram. */
export function create({ udpPort }: Ports): Contender {
  const client = new StatsD({ host: '127.0.0.1', port: udpPort, maxBufferSize: 1_432 });
  return {
    operate(step) {
      let at = gaugesOf(step);
      for (const name of GAUGES) client.gauge(name, values[at++] ?? 0, TAGS);
      client.increment(COUNTER, 1, TAGS);
      at = histogramsOf(step);
      for (const name of HISTOGRAMS) client.distribution(name, values[at++] ?? 0, TAGS);
    },
    async settle() {
      await setTimeout(20);
    },
  };
}
