import type { WriteStream } from 'node:tty';

const plainLineEvery = 5;

/** One line that rewrites itself on a terminal; elsewhere every fifth line, so that a log stays short. */
export class ProgressLine {
  readonly #stream: WriteStream;
  #updates = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  update(text: string): void {
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\x1b[K${text}`);
    } else if (this.#updates % plainLineEvery === 0) {
      this.#stream.write(`${text}\n`);
    }
    this.#updates += 1;
  }

  /** Leaves the last line standing. */
  end(): void {
    if (this.#stream.isTTY) {
      this.#stream.write('\n');
    }
  }
}
