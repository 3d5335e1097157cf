import type { Attributes, Tracer } from '@opentelemetry/api';
import { signalTracer } from '../otel/spans.ts';
import { ownCollectors } from '../run/collector.ts';
import { activeOperation, type TimedOperation } from '../run/operation.ts';
import { SignalCall } from './call.ts';
import { CallFailure } from './failure.ts';
import { doNow } from './later.ts';
import type { Outcome } from './outcome.ts';
import { type Run, type RunOptions, Runs } from './runs.ts';

/** Operations whose outcome has not been asked for; past it the oldest is given up. */
const MAX_PENDING = 10_000;

export interface CallTrackerOptions extends RunOptions {
  /**
   * `true`: what an answer says is read once the caller has gone on. For whoever calls `doNow` before anything is sent,
   * and at the end of the process. Default false.
   */
  readonly readsLater?: boolean | undefined;
}

/** Follows the calls of this process, however they are seen: a call is one, whoever sees it. */
export class CallTracker {
  readonly runs: Runs;
  readonly #options: CallTrackerOptions;
  /** Calls whose outcome is not known. */
  readonly #open = new Set<SignalCall>();
  /** By what its outcome is asked for. */
  readonly #pending = new Map<string, SignalCall>();
  readonly #idsOf = new WeakMap<SignalCall, ReadonlySet<string>>();
  /** Calls of wrapped clients that are under way, by their operations. */
  readonly #clientCalls = new Map<TimedOperation, SignalCall>();
  readonly #claimed = new WeakSet<TimedOperation>();

  constructor(options: CallTrackerOptions) {
    this.#options = options;
    const { readsLater: _, ...ofRuns } = options;
    this.runs = new Runs(ofRuns);
  }

  get readsLater(): boolean {
    return this.#options.readsLater ?? false;
  }

  /**
   * The operation that a request is a part of: one that the host times, or a call of a wrapped client. By the context of
   * the running code; where a client sends from elsewhere, by run and name.
   */
  operationAround(primitive: string, runId: string): TimedOperation | undefined {
    const active = activeOperation();
    const around = active?.name === primitive ? active : ownCollectors.get(runId)?.openOperation(primitive);
    const operation =
      around === undefined || this.#claimed.has(around)
        ? (this.#unclaimedCall(primitive, runId)?.operation ?? around)
        : around;
    if (operation !== undefined) this.#claimed.add(operation);
    return operation;
  }

  /** Lets another request be the operation's: this one has failed, and may come again. */
  release(operation: TimedOperation): void {
    this.#claimed.delete(operation);
  }

  /** The call of a wrapped client that an operation is; it learns its run from the request. */
  clientCall(operation: TimedOperation, runId: string): SignalCall | undefined {
    const call = this.#clientCalls.get(operation);
    call?.belongsTo(() => this.runs.of(runId));
    return call;
  }

  /** Begins a call that is seen by its request. Where the host has a collector for the run, metrics are left to that. */
  beginRequest(primitive: string, runId: string): SignalCall {
    const own = ownCollectors.get(runId);
    return own === undefined
      ? this.#begin(primitive, this.runs.of(runId))
      : this.#begin(primitive, undefined, own.tracer, own.spanAttributes);
  }

  /**
   * Begins a call of a wrapped client.
   * @param runId absent where only its requests will tell.
   */
  beginClientCall(primitive: string, runId: string | undefined): SignalCall {
    const call = this.#begin(primitive, runId === undefined ? undefined : this.runs.of(runId));
    this.#clientCalls.set(call.operation, call);
    return call;
  }

  /** The client's method has returned: from here on its outcome is all that can be learnt. */
  endClientCall(call: SignalCall): void {
    this.#clientCalls.delete(call.operation);
  }

  pending(id: string): SignalCall | undefined {
    return this.#pending.get(id);
  }

  /** Follows an operation until its outcome is asked for. */
  await(call: SignalCall, ids: readonly string[]): void {
    // Its request was answered after the client's method had returned: nobody waits any more.
    if (!this.#open.has(call)) return;
    for (const id of ids) this.#pending.set(id, call);
    // The client and its request may each know of others.
    this.#idsOf.set(call, new Set([...(this.#idsOf.get(call) ?? []), ...ids]));
    for (const oldest of this.#pending.values()) {
      if (this.#pending.size <= MAX_PENDING) break;
      oldest.abandon();
    }
  }

  /** Takes what is known of a call now. */
  settle(call: SignalCall, outcome: Outcome): void {
    if (outcome.state === 'pending') {
      this.await(call, outcome.ids);
      return;
    }
    if (outcome.state === 'completed') call.succeed(outcome.result);
    else call.fail(CallFailure.ofOperation());
  }

  /** Ends what is open: nothing more will be learnt of it. */
  close(): void {
    doNow();
    for (const call of this.#open) call.abandon();
  }

  #begin(
    primitive: string,
    run: Run | undefined,
    tracer: Tracer = run?.collector.tracer ?? signalTracer(this.#options.tracerProvider),
    attributes: Attributes = run?.collector.spanAttributes ?? {},
  ): SignalCall {
    const onFinished = (call: SignalCall) => {
      this.#open.delete(call);
      this.#clientCalls.delete(call.operation);
      for (const id of this.#idsOf.get(call) ?? []) this.#pending.delete(id);
    };
    const call = new SignalCall({ primitive, tracer, attributes, run, onFinished });
    this.#open.add(call);
    return call;
  }

  #unclaimedCall(primitive: string, runId: string): SignalCall | undefined {
    for (const [operation, call] of this.#clientCalls) {
      if (call.primitive === primitive && call.runId === runId && !this.#claimed.has(operation)) return call;
    }
    return undefined;
  }
}
