import { styleText } from 'node:util';
import { harmless } from '../runtime/settings-reader.ts';

/** A stream that text is printed to: stdout or stderr. */
export interface Printer {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

type Style = Parameters<typeof styleText>[0];

const HIDDEN = '(hidden)';
/** Back to the beginning of the line, which is emptied. */
const CLEAR = '\r\u001b[2K';

/** Where a command that knows secrets prints all that it prints: no secret gets through, whoever has put it there. */
export class Output {
  readonly #secrets: readonly string[];
  readonly #stdout: Printer;
  readonly #stderr: Printer;
  #shows = false;

  constructor(secrets: readonly string[], stdout: Printer = process.stdout, stderr: Printer = process.stderr) {
    // As they are, and as a URL or JSON would have them. A long one first: another may be a part of it.
    const forms = secrets.flatMap((text) => [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)]);
    this.#secrets = [...new Set(forms)].filter((text) => text !== '').toSorted((a, b) => b.length - a.length);
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** @param style where the terminal has colours. */
  print(text: string, style?: Style): void {
    this.#endProgress();
    this.#stdout.write(`${this.#styled(text, style)}\n`);
  }

  error(text: string): void {
    this.#endProgress();
    this.#stderr.write(`${this.#clean(text)}\n`);
  }

  /** What is going on, in a line that the next one takes the place of; on a terminal only. */
  progress(text: string): void {
    if (this.#stdout.isTTY !== true) return;
    this.#stdout.write(CLEAR + this.#clean(text));
    this.#shows = true;
  }

  #endProgress(): void {
    if (this.#shows) this.#stdout.write(CLEAR);
    this.#shows = false;
  }

  #styled(text: string, style: Style | undefined): string {
    const clean = this.#clean(text);
    return style === undefined || this.#stdout.isTTY !== true ? clean : styleText(style, clean);
  }

  #clean(text: string): string {
    const hidden = this.#secrets.reduce((left, secret) => left.replaceAll(secret, HIDDEN), text);
    return hidden.split('\n').map(harmless).join('\n');
  }
}
