import { styleText } from 'node:util';
import { harmless } from '../runtime/settings-reader.ts';
import { CLEAR_LINE } from './control-sequences.ts';
import type { Hide } from './secrets.ts';

/** A stream that text is printed to: stdout or stderr. */
export interface Printer {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

type Style = Parameters<typeof styleText>[0];

/** Where a command that knows secrets prints all that it prints: no secret gets through, whoever has put it there. */
export class Output {
  readonly #hide: Hide;
  readonly #stdout: Printer;
  readonly #stderr: Printer;
  #shows = false;

  constructor(hide: Hide, stdout: Printer = process.stdout, stderr: Printer = process.stderr) {
    this.#hide = hide;
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
    this.#stdout.write(CLEAR_LINE + this.#clean(text));
    this.#shows = true;
  }

  #endProgress(): void {
    if (this.#shows) this.#stdout.write(CLEAR_LINE);
    this.#shows = false;
  }

  #styled(text: string, style: Style | undefined): string {
    const clean = this.#clean(text);
    return style === undefined || this.#stdout.isTTY !== true ? clean : styleText(style, clean);
  }

  #clean(text: string): string {
    return this.#hide(text).split('\n').map(harmless).join('\n');
  }
}
