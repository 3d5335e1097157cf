import fc from 'fast-check';

/** What a proxy does that fails at whatever is asked of it. */
const fail = (): never => {
  throw new Error('trap');
};
const TRAPS: ProxyHandler<object> = {
  apply: fail,
  construct: fail,
  defineProperty: fail,
  deleteProperty: fail,
  get: fail,
  getOwnPropertyDescriptor: fail,
  getPrototypeOf: fail,
  has: fail,
  isExtensible: fail,
  ownKeys: fail,
  preventExtensions: fail,
  set: fail,
  setPrototypeOf: fail,
};

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

class Getters {
  get loss(): number {
    throw new RangeError('getter');
  }
  get step(): number {
    return 3;
  }
  toString(): string {
    throw new RangeError('text');
  }
}

function cyclic(): object {
  const self: Record<string, unknown> = { loss: 1 };
  self.self = self;
  self.metrics = self;
  return self;
}

function withOwnGetters(): object {
  return Object.defineProperty({ step: 1, loss: 0.5 }, 'gradNorm', { enumerable: true, get: fail });
}

/** Makes a value: fast-check looks into the values that it has, and some of these do not let anybody. */
export type Make = () => unknown;

/** What nobody passes on purpose. */
const hostile = fc.constantFrom<Make[]>(
  () => new Proxy({}, TRAPS),
  () => new Proxy([], TRAPS),
  () => new Proxy(() => {}, TRAPS),
  () => revoked({}),
  () => revoked([]),
  () => revoked(() => {}),
  () => new Getters(),
  () => Object.defineProperty(new Getters(), 'then', { get: fail }),
  withOwnGetters,
  cyclic,
  () => Object.create(null),
  () => Object.assign(Object.create(null), { toString: 'no function', step: 4 }),
  () => JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3, "hasOwnProperty": 4}'),
  () => Symbol('symbol'),
  () => Symbol.iterator,
  () => () => 5,
  () => async () => 5,
  () => class {},
  () => new Date(Number.NaN),
  () => new Error('error', { cause: cyclic() }),
  () => Object.assign(new Error('coded'), { code: 'x'.repeat(5_000), name: Symbol('name') }),
  () => new Map([['loss', 1]]),
  () => new Set([1]),
  () => new WeakRef({}),
  () => new Float64Array(4),
  () => new ArrayBuffer(8),
  () => /expression/g,
  () => new URL('http://user:password@host/path?signature=1'),
  () => 10n ** 400n,
  () => Object(1n),
  () => new Array(3),
  () => Object.assign(new Array(4), { 1: 'a:b', 3: 5 }),
  () => ({ valueOf: fail, toString: fail, toJSON: fail, [Symbol.toPrimitive]: fail }),
  () => globalThis,
);

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(
    Number.NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.MIN_VALUE,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    1e308,
    1e280,
    1e-320,
    -1,
    0.5,
  ),
);

const LONG = 'x'.repeat(20_000);

/** Texts that break what they are put into: lines, terminals, JSON, labels, names, encodings, memory. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '',
    ' ',
    'loss',
    'step',
    'custom.value',
    'signal.',
    'signal.training.loss',
    'signal.training.non_finite',
    'signal.training_loss',
    'training.loss.total',
    'custom.value_total',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'le',
    'otel_scope_name',
    'run_id',
    'run.id',
    '1abc',
    'a:b:c',
    ':',
    '\n# TYPE signal_training_loss counter\nsignal_training_loss 666',
    'a"} 1\nevil{b="',
    '\\',
    '\\"',
    '\r\n',
    '\u0000',
    '\u001b[31mred\u001b[0m',
    '\u2028\u2029',
    '\u202eright to left\u202c',
    '\ud800',
    'x\udfff',
    '😀'.repeat(200),
    'é'.repeat(300),
    LONG,
    `${LONG}_duration_ms`,
    '-'.repeat(5_000),
  ),
);

/** Keys that methods look for. */
const KEYS = [
  'step',
  'loss',
  'gradNorm',
  'grad_norm',
  'learningRate',
  'extraMetrics',
  'metrics',
  'rl_metrics',
  'policyLoss',
  'queueDepth',
  'tags',
  'sampleRate',
  'error',
  'accumulate',
  'then',
  'runId',
  'namespace',
  'constantTags',
  'enabled',
  'histograms',
  'meterProvider',
] as const;

const always = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Make> => value.map((made) => () => made);

/** Objects whose keys are those that methods look for, or look like them. */
function keyed(value: fc.Arbitrary<Make>): fc.Arbitrary<Make> {
  const entry = fc.tuple(fc.oneof(fc.constantFrom(...KEYS), texts), value);
  return fc
    .array(entry, { maxLength: 5 })
    .map((entries) => () => Object.fromEntries(entries.map(([key, make]) => [key, make()])));
}

const leaves: fc.Arbitrary<Make> = fc.oneof(
  { weight: 4, arbitrary: always(numbers) },
  { weight: 3, arbitrary: always(texts) },
  { weight: 2, arbitrary: hostile },
  { weight: 2, arbitrary: always(fc.constantFrom(undefined, null, true, false)) },
);

/** Any JavaScript value at all. */
export const anything: fc.Arbitrary<Make> = fc.oneof(
  { weight: 6, arbitrary: leaves },
  { weight: 2, arbitrary: keyed(leaves) },
  { weight: 1, arbitrary: keyed(keyed(leaves)) },
  { weight: 1, arbitrary: fc.array(leaves, { maxLength: 4 }).map((makes) => () => makes.map((make) => make())) },
);

/** A value that a method takes, or any other. */
export function mostly(good: fc.Arbitrary<unknown>): fc.Arbitrary<Make> {
  return fc.oneof({ weight: 2, arbitrary: always(good) }, { weight: 1, arbitrary: anything });
}
