import { textIn } from './outcome.ts';
import type { RequestFacts } from './request-facts.ts';
import { hasMetrics } from './signal-api.ts';

/** Of ids and names: longer texts are prompts. */
const NAME = /^[\w.:-]{1,100}$/;
const RUN_ID = /^run_[\w-]{1,96}$/;
const BATCHES = ['batchData', 'batch_data', 'prompts', 'data'];

/**
 * The run that a client's call is for: the client's own where it is bound to one, else the first argument or a field of
 * it. A text that may be a prompt is none.
 */
export function runIdOf(client: object, primitive: string, args: readonly unknown[]): string | undefined {
  const bound = textIn(client, ['runId', 'run_id']);
  if (bound !== undefined) return bound.length <= 100 ? bound : undefined;
  const [first] = args;
  if (typeof first === 'string') {
    const isId = hasMetrics(primitive) ? NAME.test(first) : RUN_ID.test(first);
    return isId ? first : undefined;
  }
  return isObject(first) ? textIn(first, ['runId', 'run_id']) : undefined;
}

/** What the arguments say of the call, beside the data: named in an object, or one after the other. */
export function factsOf(primitive: string, args: readonly unknown[]): RequestFacts {
  const facts: { lossFn?: string; batchSize?: number; accumulate?: boolean } = {};
  for (const [index, arg] of args.entries()) {
    if (Array.isArray(arg)) facts.batchSize ??= arg.length;
    else if (isObject(arg)) {
      const lossFn = textIn(arg, ['lossFn', 'loss_fn']);
      if (lossFn !== undefined && NAME.test(lossFn)) facts.lossFn = lossFn;
      const batch = BATCHES.map((name): unknown => Reflect.get(arg, name)).find(Array.isArray);
      if (batch !== undefined) facts.batchSize = batch.length;
      const accumulate: unknown = Reflect.get(arg, 'accumulate');
      if (typeof accumulate === 'boolean') facts.accumulate = accumulate;
    } else if (index > 0 && primitive === 'forward_backward' && typeof arg === 'string' && NAME.test(arg)) {
      facts.lossFn ??= arg;
    }
  }
  return facts;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
