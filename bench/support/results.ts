export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A figure that the package has set itself. */
export interface Target {
  readonly what: string;
  readonly limit: string;
  readonly value: string;
  /** `undefined` where it could not be measured here. */
  readonly isMet: boolean | undefined;
}

export interface Results {
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
}

export interface SectionContext {
  /** Fewer rounds and smaller sizes: whether it runs at all, not what it reaches. */
  readonly quick: boolean;
  /** How long to go on, where the section has no end of its own. */
  readonly minutes: number | undefined;
  progress(text: string): void;
}

export interface Section {
  readonly name: string;
  readonly title: string;
  /** It takes so long that it runs only where it is named. */
  readonly isOnDemand?: boolean;
  run(context: SectionContext): Promise<Results>;
}

/** A target for a value that has to stay at or below a limit. */
export function target(what: string, value: number, limit: number, show: (value: number) => string): Target {
  const isMeasured = Number.isFinite(value);
  return {
    what,
    limit: `at most ${show(limit)}`,
    value: isMeasured ? show(value) : 'not measured',
    isMet: isMeasured ? value <= limit : undefined,
  };
}
