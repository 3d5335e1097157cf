import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { asRecord } from '../support/shape.ts';

function read(name: string): Record<string, unknown> {
  const path = fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
  return asRecord(parse(readFileSync(path, 'utf8')), name);
}

/** What is no matter of where the data goes. */
function common(name: string) {
  const { receivers, processors, extensions, service } = read(name);
  const { extensions: started, telemetry } = asRecord(service, 'service');
  return { receivers, processors, extensions, started, telemetry };
}

function queueOf(name: string, exporter: string) {
  const { retry_on_failure, sending_queue } = asRecord(asRecord(read(name).exporters, 'exporters')[exporter], exporter);
  return { retry_on_failure, sending_queue };
}

it.each(['agent.yaml', 'kafka/agent.yaml'])('%s takes and keeps data as durable.yaml does', (name) => {
  expect(common(name)).toEqual(common('durable.yaml'));
});

it('kafka/agent.yaml queues and retries as agent.yaml does, but for the size of what it sends', () => {
  const gateway = queueOf('agent.yaml', 'otlp_http/gateway');
  const queue = asRecord(gateway.sending_queue, 'sending_queue');
  const batch = { ...asRecord(queue.batch, 'batch'), min_size: '250_000', max_size: '500_000' };
  expect(queueOf('kafka/agent.yaml', 'kafka')).toEqual({ ...gateway, sending_queue: { ...queue, batch } });
});

it('kafka/agent.yaml writes the topics that kafka/gateway.yaml reads', () => {
  const written = asRecord(asRecord(read('kafka/agent.yaml').exporters, 'exporters').kafka, 'kafka');
  const readOnes = asRecord(asRecord(read('kafka/gateway.yaml').receivers, 'receivers').kafka, 'kafka');
  for (const signal of ['metrics', 'traces', 'logs']) {
    const { topic, encoding } = asRecord(written[signal], signal);
    expect(readOnes[signal]).toEqual({ topics: [topic], encoding });
  }
});
