import type { WriteStream } from 'node:tty';
import {
  ALL_ROWS_SCROLL,
  beginningOf,
  ERASE_TO_END,
  firstRowsScroll,
  INDEX,
  RESTORE_CURSOR,
  SAVE_CURSOR,
  UP,
} from './control-sequences.ts';

/** Smaller ones have no row to spare. */
const MIN_ROWS = 5;

/**
 * The last row of a terminal. Other processes print into the same terminal, in the midst of their lines, too: so the row
 * is taken out of what scrolls, and their cursor is where it was after each change.
 */
export class FootLine {
  readonly #stream: WriteStream;
  /** Of the terminal when the row was taken; `undefined` before. */
  #rows: number | undefined;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  get columns(): number {
    return this.#stream.columns;
  }

  /** @param text one line, not wider than the terminal. */
  show(text: string): void {
    const { rows } = this.#stream;
    if (rows < MIN_ROWS) return;
    const taking = rows === this.#rows ? '' : this.#take(rows);
    // Erased first: behind a text that fills the row the cursor stays upon its last character.
    // The rows that scroll are told each time: a program may have set them all free.
    this.#write(taking, `${firstRowsScroll(rows - 1)}${beginningOf(rows)}${ERASE_TO_END}${text}`);
  }

  /** Gives the row back, empty. */
  end(): void {
    if (this.#rows === undefined) return;
    this.#write('', `${ALL_ROWS_SCROLL}${beginningOf(this.#rows)}${ERASE_TO_END}`);
    this.#rows = undefined;
  }

  /** Makes sure that the cursor is above it. Where the terminal has become higher, the row before is freed. */
  #take(rows: number): string {
    const before = this.#rows;
    this.#rows = rows;
    const isHigher = before !== undefined && before < rows;
    const freeing = isHigher ? `${SAVE_CURSOR}${beginningOf(before)}${ERASE_TO_END}${RESTORE_CURSOR}` : '';
    return `${freeing}${INDEX}${UP}`;
  }

  /** At once, so that nobody's output comes between. */
  #write(before: string, change: string): void {
    this.#stream.write(`${before}${SAVE_CURSOR}${change}${RESTORE_CURSOR}`);
  }
}
