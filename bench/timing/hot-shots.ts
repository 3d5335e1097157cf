import { setTimeout } from 'node:timers/promises';
import { StatsD } from 'hot-shots';
import type { Contender, Ports } from '../support/contender.ts';
import { TAGS } from '../support/workload.ts';
import { DURATION, operation } from './operation.ts';

export function create({ udpPort }: Ports): Contender {
  const client = new StatsD({ host: '127.0.0.1', port: udpPort, maxBufferSize: 1_432 });
  return {
    operate() {
      client.timer(operation, DURATION, TAGS)();
    },
    async settle() {
      await setTimeout(20);
    },
  };
}
