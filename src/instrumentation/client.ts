import { toCamelCase } from '../catalogue/index.ts';
import { warnOnce } from '../otel/diagnostics.ts';
import { readOptions, requireText } from '../otel/options.ts';
import { guard } from '../run/guard.ts';
import { activeOperation } from '../run/operation.ts';
import { type AnyFunction, isFunction, type Outcome as Settled } from '../run/settled.ts';
import { describeSpan, type SignalCall } from './call.ts';
import { factsOf, runIdOf } from './client-arguments.ts';
import { follow } from './futures.ts';
import { outcomeOf, textIn } from './outcome.ts';
import { isStandIn, overlay } from './overlay.ts';
import { PRIMITIVES, type Primitive } from './signal-api.ts';
import type { CallTracker } from './tracker.ts';

/** How a client's calls are followed. */
export interface TrainingClientOptions {
  /**
   * The run that the client is bound to. Default: its `runId` or `run_id`, else the first argument of each call or its
   * field `runId`, else what its requests or answers say.
   */
  readonly runId?: string | undefined;
}

/** The primitive that each method of a client is, by its name. */
const METHODS: ReadonlyMap<string, Primitive> = new Map(
  PRIMITIVES.flatMap((primitive) => {
    const names = primitive === 'save_state' ? [primitive, 'save_checkpoint'] : [primitive];
    const both = names.flatMap((name) => [name, `${name}_async`]);
    return both.flatMap((name) => [name, toCamelCase(name)]).map((name) => [name, primitive] as const);
  }),
);

/** Where neither the client nor its requests nor its answers name the run. */
const UNKNOWN_RUN = 'unknown';

const followed = new WeakSet<AnyFunction>();

/**
 * Has the calls of a client's methods followed, in place where the client can be changed.
 * @param tracker gives what follows them, at each call.
 * @returns the client; where it is frozen, one that stands for it.
 * @throws TypeError where there is no method to follow, or an option is unusable.
 */
export function followClient<Client extends object>(
  client: Client,
  options: TrainingClientOptions,
  tracker: () => CallTracker,
): Client {
  const where = 'instrumentTrainingClient';
  if (typeof client !== 'object' || client === null)
    throw new TypeError(`${where} takes a client, not ${typeof client}`);
  const { runId } = readOptions(where, options, ['runId']);
  if (runId !== undefined) requireText(where, 'runId', runId, 'leave it out where the client knows it');
  if (isStandIn(client)) return client;
  const methods = new Map<string, AnyFunction>();
  let isFollowed = false;
  for (const [name, primitive] of METHODS) {
    const method = methodOf(client, name);
    if (method === undefined) continue;
    if (followed.has(method)) isFollowed = true;
    else methods.set(name, following(method, client, { primitive, runId, tracker }));
  }
  if (isFollowed) return client;
  if (methods.size === 0) throw new TypeError(`${where} takes a client with methods such as forwardBackward`);
  return overlay(client, methods);
}

interface Followed {
  readonly primitive: Primitive;
  readonly runId: string | undefined;
  readonly tracker: () => CallTracker;
}

/** A method that does what `method` does, and is followed meanwhile. */
function following(method: AnyFunction, client: object, { primitive, runId, tracker }: Followed): AnyFunction {
  const followedMethod = function (this: unknown, ...args: unknown[]): unknown {
    // A method that calls another of the same primitive, or one that the host times itself, is the same call.
    if (activeOperation()?.name === primitive) return Reflect.apply(method, this, args);
    const clientCall = begin(tracker, primitive, () => runId ?? runIdOf(client, primitive, args), args);
    if (clientCall === undefined) return Reflect.apply(method, this, args);
    let given: unknown;
    try {
      given = clientCall.call.operation.run(() => Reflect.apply(method, this, args));
    } catch (error) {
      clientCall.settle({ error });
      throw error;
    }
    return follow(given, clientCall.settle);
  };
  followed.add(followedMethod);
  for (const property of ['name', 'length'] as const) {
    Reflect.defineProperty(followedMethod, property, { value: method[property], configurable: true });
  }
  return followedMethod;
}

interface ClientCall {
  readonly call: SignalCall;
  readonly settle: (outcome: Settled) => void;
}

function begin(
  trackerOf: () => CallTracker,
  primitive: Primitive,
  findRun: () => string | undefined,
  args: readonly unknown[],
): ClientCall | undefined {
  let begun: ClientCall | undefined;
  guard('instrumentTrainingClient', () => {
    // First, since a getter of the caller's may throw: a call that has begun has to end.
    const facts = factsOf(primitive, args);
    const runId = findRun();
    const tracker = trackerOf();
    const call = tracker.beginClientCall(primitive, runId);
    describeSpan(call.operation.span, facts);
    call.accumulates(facts.accumulate ?? false);
    begun = { call, settle: (outcome) => guard('instrumentTrainingClient', () => settle(tracker, call, outcome)) };
  });
  return begun;
}

function settle(tracker: CallTracker, call: SignalCall, outcome: Settled): void {
  const answer = 'value' in outcome && typeof outcome.value === 'object' ? outcome.value : null;
  call.belongsTo(() => tracker.runs.of((answer && textIn(answer, ['run_id', 'runId'])) ?? unknownRun()));
  tracker.endClientCall(call);
  if ('error' in outcome) call.fail(outcome.error);
  else if (answer === null) call.succeed(undefined);
  else {
    const known = outcomeOf(answer, call.runId);
    // The answer whole, so that the caller, who has it too, may collect it without counting twice.
    tracker.settle(call, known.state === 'completed' ? { state: 'completed', result: answer } : known);
  }
}

function unknownRun(): string {
  warnOnce(
    'unknown-run',
    `a call names no run and is recorded as run_id ${UNKNOWN_RUN}; write instrumentTrainingClient(client, { runId })`,
  );
  return UNKNOWN_RUN;
}

function methodOf(client: object, name: string): AnyFunction | undefined {
  const method: unknown = Reflect.get(client, name);
  return isFunction(method) ? method : undefined;
}
