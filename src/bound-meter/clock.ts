const resolved = Promise.resolve();

/**
 * The time of a measurement, read once for all that belong together: reading the system clock costs more than
 * everything else that recording does. Measurements of one turn of the event loop share a reading, except that no
 * series takes two from the same one: the second value of a gauge belongs to a later step, so the clock is read anew.
 */
export class Clock {
  /** Epoch milliseconds at the last reading. */
  millis = 0;
  /** The whole second of `millis`. */
  second = 0;
  /** Tells readings apart; 0 once the turn in which it was read is over. */
  tick = 0;
  #readings = 0;
  #willExpire = false;
  readonly #expire = (): void => {
    this.#willExpire = false;
    this.tick = 0;
  };

  /** The time for something that is not a point of its own, such as the start of an interval. */
  now(): number {
    if (this.tick === 0) this.read();
    return this.millis;
  }

  /**
   * Reads the system clock: for a series whose last measurement came at the current tick, or where that is 0.
   * @returns the new tick.
   */
  read(): number {
    this.millis = Date.now();
    this.second = Math.floor(this.millis / 1_000);
    this.#readings += 1;
    this.tick = this.#readings;
    if (!this.#willExpire) {
      this.#willExpire = true;
      // Not queueMicrotask: Node makes an AsyncResource for each of its callbacks.
      void resolved.then(this.#expire);
    }
    return this.tick;
  }
}
