import { COMPUTED, LARGE, OTHER, SMALL } from './exchange.ts';

/** Something that follows calls: a module with a `Subject`, in a process of its own. */
export interface Contender {
  readonly name: string;
  readonly module: string;
  /** Those whose calls it follows, by their index. */
  readonly clients: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it records Signal's metrics, and sends them. */
  readonly isPackage?: boolean;
  /** Whether it sees every request of the process. */
  readonly isAutomatic?: boolean;
}

export const OWN: Contender = {
  name: 'signal-otel/register',
  module: 'instrumentation',
  clients: [0, 1],
  isPackage: true,
  isAutomatic: true,
};

export const CONTENDERS: readonly Contender[] = [
  OWN,
  {
    name: 'the collector by hand',
    module: 'by-hand',
    clients: [0, 1],
    env: { SIGNAL_INSTRUMENTATION: 'false' },
    isPackage: true,
  },
  { name: 'instrumentation-undici', module: 'peer-undici', clients: [0], isAutomatic: true },
  { name: 'instrumentation-http', module: 'peer-http', clients: [1], isAutomatic: true },
];

/** Of a block, by the kind of request: 10 to 50 ms, and where it is computed, 200 ms. */
export const CALLS = { [SMALL]: 60, [LARGE]: 12, [OTHER]: 60, [COMPUTED]: 20 } as const;

/** Pairs of blocks of those that are computed, which take long. */
export const ROUNDS_COMPUTED = 60;

export type Kind = keyof typeof CALLS;

/** What one contender does to one kind of request. */
export interface Case {
  readonly contender: Contender;
  readonly client: number;
  readonly kind: Kind;
}

export function casesOf(contender: Contender): Case[] {
  const kinds: readonly Kind[] = contender.isAutomatic ? [SMALL, LARGE, OTHER, COMPUTED] : [SMALL, LARGE, COMPUTED];
  return kinds.flatMap((kind) => contender.clients.map((client) => ({ contender, client, kind })));
}

export function keyOf({ contender, client, kind }: Case): string {
  return [contender.module, client, kind].join();
}

/** The key of what looking at a request of somebody else costs. */
export function checkOf(client: number): string {
  return `check,${client}`;
}
