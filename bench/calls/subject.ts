/** What follows calls, in a process of its own. */
export interface Subject {
  /** Follows the calls to come, or leaves them alone as if it were not there. */
  turn(on: boolean): void;
  /** What a program that does it by hand puts around a call. */
  around?(call: () => Promise<unknown>): Promise<unknown>;
  /** Sends what has been recorded. */
  settle(): Promise<void>;
}

export interface SubjectModule {
  create(): Subject;
}
