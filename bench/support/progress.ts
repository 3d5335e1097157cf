/** A line that is rewritten on a terminal, and kept short elsewhere: only its first word changes there. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #lastPlain = '';

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(section: string, text: string): void {
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[2K${section}: ${text}`);
      return;
    }
    const plain = `${section}: ${text.replace(/^(round|cycle|second|minute) .*/, 'measuring')}`;
    if (plain !== this.#lastPlain) this.#stream.write(`${plain}\n`);
    this.#lastPlain = plain;
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[2K');
  }
}
