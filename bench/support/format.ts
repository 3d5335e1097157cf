import type { Summary } from './statistics.ts';

/** Three digits are what a shared machine can tell. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'n/a';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  const [whole = '', fraction] = value.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** A whole number, however large. */
export function count(value: number): string {
  return number(Math.round(value)).replace(/\.\d+$/, '');
}

/** The middle half of the rounds. */
export function spread({ low, high }: Summary): string {
  return `${number(low)} to ${number(high)}`;
}

/** A ratio as people say it: "1/80" below one, "3.2" above. */
export function share(value: number): string {
  if (!(value > 0) || !Number.isFinite(value)) return number(value);
  return value < 0.3 ? `1/${number(1 / value)}` : number(value);
}
