import { buffer } from 'node:stream/consumers';
import { deserialize, serialize } from 'node:v8';
import { createDestinations } from './destinations.ts';
import type { Handover, UndeliveredPoints } from './handover.ts';
import { DeliveryQueue } from './queue.ts';
import { DELIVERIES, type DeliveryKind } from './request.ts';
import { DeliveryStatus } from './status.ts';

/** The short-lived child of `handover.ts`: delivers what it is handed, and answers with what it could not deliver. */
async function deliver({ requests, destinations, timeoutMillis }: Handover): Promise<UndeliveredPoints> {
  const silent = { info() {}, warn() {} };
  const status = new DeliveryStatus(silent);
  const queue = new DeliveryQueue({
    destinations: createDestinations(destinations),
    maxBytes: Number.POSITIVE_INFINITY,
    maxBackoffMillis: timeoutMillis,
    status,
    log: silent,
  });
  for (const request of requests) void queue.add(request);
  await queue.flush(timeoutMillis);
  queue.close();
  const all = status.all();
  const undelivered: Partial<Record<DeliveryKind, number>> = {};
  for (const kind of DELIVERIES) {
    undelivered[kind] = Object.values(all[kind].droppedPoints).reduce((total, points) => total + points, 0);
  }
  return undelivered;
}

// A Ctrl-C goes to every process of the terminal's group; the parent waits for this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const handover: Handover = deserialize(await buffer(process.stdin));
const undelivered = await deliver(handover);
process.stdout.write(serialize(undelivered), () => process.exit());
