/** What would end a line, act upon a terminal or turn the direction of what follows, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\p{Cs}]+/gu;

/**
 * One line of at most so many characters.
 * @param text from anywhere, of any length.
 */
export function oneLine(text: string, maxLength: number): string {
  return cut(text, maxLength).replace(UNPRINTABLE, ' ').trim();
}

/** `1 file`, `2 files` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Text of the caller's in a message: `"loss"`. */
export function quoted(text: string): string {
  return JSON.stringify(oneLine(text, 100));
}

/** The beginning of a text, as a copy: a slice would keep all of the text in memory for as long as it lives itself. */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return Buffer.from(text.slice(0, maxLength), 'utf16le').toString('utf16le');
}
