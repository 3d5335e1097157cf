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

  /** The time for something that is not a point of its own, such as the start of an interval. */
  now(): number {
    if (this.tick === 0) this.read();
    return this.millis;
  }

  /** Reads the system clock: for a series whose last measurement came at the current tick, or where that is 0. */
  read(): void {
    this.millis = Date.now();
    this.second = Math.floor(this.millis / 1_000);
    this.#readings += 1;
    this.tick = this.#readings;
    if (this.#willExpire) return;
    this.#willExpire = true;
    queueMicrotask(() => {
      this.#willExpire = false;
      this.tick = 0;
    });
  }
}
