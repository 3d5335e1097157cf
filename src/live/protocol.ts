// What goes between the server and the page, as JSON. Of both: no Node here, no DOM, nothing but types.

/** JSON has no NaN and no infinities. */
export type WireNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/** Points of one line. Steps and times are differences, each to the one before it. */
export interface WirePoints {
  /** How many recorded values one point stands for. */
  readonly stride: number;
  /** `null` where no step was known. */
  readonly steps: readonly (number | null)[];
  /** Milliseconds since the run began. */
  readonly times: readonly number[];
  readonly values: readonly WireNumber[];
  /** Whether the last one is the newest, which makes way for the next. */
  readonly hasTail: boolean;
}

/** Where a value was NaN or infinite. */
export interface WireMark {
  readonly step: number | null;
  readonly time: number;
  readonly value: WireNumber;
}

/** Of all values of a metric, whatever the lines still have of them; `min` and `max` of the finite ones. */
export interface WireSummary {
  readonly last: WireNumber;
  readonly min: number | null;
  readonly max: number | null;
  readonly count: number;
  readonly nonFinite: number;
}

/** A line's name: the values of a gauge, or what of the durations it shows. */
export type LineName = 'value' | 'p50' | 'p99';

/** What is new of one metric of a run. */
export interface WireMetric {
  readonly summary: WireSummary;
  readonly lines: Readonly<Partial<Record<LineName, WirePoints>>>;
  readonly marks: readonly WireMark[];
}

export type Status = 'ok' | 'warning' | 'critical';

export interface WireHealth {
  readonly check: string;
  readonly title: string;
  readonly status: Status;
  readonly value: number | null;
  /** Empty where all is well. */
  readonly advice: string;
}

/** Where a level of a rule begins. */
export interface WireLevel {
  readonly status: Exclude<Status, 'ok'>;
  readonly when: '>' | '>=' | '<' | '<=';
  readonly value: number;
  /** Whether it is the values above that are bad. */
  readonly isUpper: boolean;
}

/** A rule that judges the values of a metric as they are, which can be drawn in its chart. */
export interface WireRule {
  readonly metric: string;
  /** At least one, the worst last. */
  readonly levels: readonly WireLevel[];
}

export interface WireEvent {
  readonly step: number | null;
  readonly time: number;
  readonly title: string;
  readonly text: string;
  readonly alertType: string;
}

/** What is new of one run; all of it in a snapshot. */
export interface WireRun {
  readonly runId: string;
  readonly model: string | null;
  /** Epoch milliseconds. */
  readonly startedMillis: number;
  readonly isEnded: boolean;
  readonly step: number | null;
  /** `undefined` where nothing has changed; so is `health`. */
  readonly rules?: readonly WireRule[] | undefined;
  readonly health?: readonly WireHealth[] | undefined;
  readonly metrics: Readonly<Record<string, WireMetric>>;
  readonly events: readonly WireEvent[];
  /** How many of the last events are still kept. */
  readonly keptEvents: number;
}

/** One message of the stream. */
export interface WireUpdate {
  /** Every run that is still kept, in the order in which they began. */
  readonly runIds: readonly string[];
  /** Those of which there is something new. */
  readonly runs: readonly WireRun[];
}

/** All there is, up to the message of the stream with this id. */
export interface WireSnapshot extends WireUpdate {
  readonly id: string;
}

/** How a run goes, for a line of text. */
export interface WireRunProgress {
  readonly runId: string;
  readonly step: number | null;
  /** The newest of each metric; of durations their p99. */
  readonly values: Readonly<Record<string, WireNumber>>;
  /** By the names of the checks. */
  readonly statuses: Readonly<Record<string, Status>>;
}

export interface WireProgress {
  /** The newest run that goes on; where none does, the newest. `null` where there is none yet. */
  readonly run: WireRunProgress | null;
  /** How many more go on. */
  readonly others: number;
}

export interface WireChart {
  readonly title: string;
  readonly metric: string;
  readonly description: string;
  readonly unit: string;
}

/** Charts in rows, under headings. */
export interface WireLayout {
  readonly version: string;
  readonly groups: readonly { readonly title: string; readonly rows: readonly (readonly WireChart[])[] }[];
}
