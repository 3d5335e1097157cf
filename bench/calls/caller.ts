import { channel } from 'node:diagnostics_channel';
import { fail, type Numbers, serve } from '../support/child.ts';
import { createClients } from './clients.ts';
import { computedExchange } from './computed.ts';
import { fixedExchanges, OTHER_PATH } from './exchange.ts';
import type { Subject, SubjectModule } from './subject.ts';

/** Of each block, before its time begins: a connection may have to be opened, caches to be filled. */
export const CALLS_BEFORE = 4;

/**
 * `caller.ts <module> <port> <training server's port>` answers `{ client, kind, calls, followed }` with what a call took,
 * and `{ client, checks, followed }` with what it costs to look at a request of somebody else.
 */
async function main([module = '', port, trainingPort]: readonly string[]): Promise<void> {
  const { create }: SubjectModule = await import(new URL(`./${module}.ts`, import.meta.url).href);
  // Before anything follows calls: it takes some of its own.
  const exchanges = [...fixedExchanges(Number(port)), await computedExchange(Number(trainingPort))];
  const subject = create();
  const clients = createClients();
  serve(async ({ client = 0, kind = 0, calls = 0, checks = 0, followed = 0 }) => {
    subject.turn(followed === 1);
    if (checks > 0) return { nanos: check(CHANNELS[client] ?? '', checks) };
    const [send, exchange] = [clients[client], exchanges[kind]];
    if (send === undefined || exchange === undefined) throw new RangeError('There is no such call');
    return measure(subject, () => send(exchange), calls);
  });
}

async function measure(subject: Subject, call: () => Promise<unknown>, calls: number): Promise<Numbers> {
  const followed = subject.around === undefined ? call : () => subject.around?.(call);
  for (let index = 0; index < CALLS_BEFORE; index++) await followed();
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let index = 0; index < calls; index++) await followed();
  const micros = ((performance.now() - started) * 1_000) / calls;
  const cpuMicros = cpuSince(cpu) / calls;
  // What the last call leaves to the next turn of the event loop is followed too. It is not in the figures: what the last
  // call before them left is.
  await new Promise(setImmediate);
  await subject.settle();
  return { micros, cpuMicros };
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const CHANNELS = ['undici:request:create', 'http.client.request.created'];

/** Announces requests as Node does, without sending any. */
function check(name: string, checks: number): number {
  const announced = channel(name);
  const requests = Array.from({ length: 64 }, (_, index) => ({
    request: { origin: 'http://127.0.0.1', path: `${OTHER_PATH}?page=${index}`, method: 'POST' },
  }));
  const started = performance.now();
  for (let index = 0; index < checks; index++) {
    if (announced.hasSubscribers) announced.publish(requests[index % requests.length]);
  }
  return ((performance.now() - started) * 1e6) / checks;
}

if (import.meta.main) main(process.argv.slice(2)).catch(fail);
