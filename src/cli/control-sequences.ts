// Of those that every terminal of today knows (ECMA-48, DEC VT100). It imports nothing: the doctor starts with it.

export const SAVE_CURSOR = '\u001b7';
export const RESTORE_CURSOR = '\u001b8';
export const UP = '\u001b[A';
/** One row down, scrolling where there is none; unlike a line feed it keeps the column. */
export const INDEX = '\u001bD';
export const ERASE_TO_END = '\u001b[K';
export const ALL_ROWS_SCROLL = '\u001b[r';
export const firstRowsScroll = (count: number) => `\u001b[1;${count}r`;
export const beginningOf = (row: number) => `\u001b[${row};1H`;
/** Back to the beginning of the line, which is emptied. */
export const CLEAR_LINE = '\r\u001b[2K';
