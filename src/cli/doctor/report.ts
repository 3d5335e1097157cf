import { styleText } from 'node:util';
import { counted } from '../../otel/text.ts';
import type { Hide } from '../secrets.ts';
import { type Section, type Table, VERDICTS, type Verdict } from './finding.ts';

const styles = { failed: 'red', warning: 'yellow', ok: 'green', skipped: 'dim' } as const satisfies Record<
  Verdict,
  Parameters<typeof styleText>[0]
>;

const WIDTH = Math.max(...VERDICTS.map((verdict) => verdict.length));
const INDENT = ' '.repeat(WIDTH + 4);

export function toText(sections: readonly Section[], hide: Hide): string {
  const blocks = sections.map(({ title, findings }) => {
    const lines = findings.flatMap(({ verdict, found, next, table = [] }) => [
      `  ${styleText(styles[verdict], verdict.padEnd(WIDTH))}  ${hide(found)}`,
      ...linesOf(table).map((line) => `${INDENT}${hide(line)}`),
      ...(next === undefined ? [] : [`${INDENT}-> ${hide(next)}`]),
    ]);
    return [styleText('bold', title), ...lines].join('\n');
  });
  return [...blocks, summary(sections)].join('\n\n');
}

export function toJson(sections: readonly Section[], hide: Hide): string {
  const rows = sections.flatMap(({ title, findings }) =>
    findings.map(({ verdict, found, next, table }) => ({
      check: title,
      verdict,
      found: hide(found),
      next: next === undefined ? undefined : hide(next),
      table: table?.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, hidden(cell, hide)])),
      ),
    })),
  );
  return JSON.stringify(rows, undefined, 2);
}

function hidden(cell: string | number, hide: Hide): string | number {
  return typeof cell === 'string' ? hide(cell) : cell;
}

/** More of a table are in the JSON. */
const MAX_ROWS = 20;

/** A heading and the first rows, in columns; numbers end where their column does. */
function linesOf(table: Table): string[] {
  const [first] = table;
  if (first === undefined) return [];
  const shown = table.slice(0, MAX_ROWS);
  const columns = Object.keys(first).map((name) => {
    const cells = [name, ...shown.map((row) => String(row[name] ?? ''))];
    const width = Math.max(...cells.map((cell) => cell.length));
    return cells.map((cell) => (typeof first[name] === 'number' ? cell.padStart(width) : cell.padEnd(width)));
  });
  const lines = [...shown.keys(), shown.length].map((at) =>
    columns
      .map((cells) => cells[at])
      .join('  ')
      .trimEnd(),
  );
  const left = table.length - shown.length;
  return left > 0 ? [...lines, `and ${counted(left, 'more row')}: --json has all`] : lines;
}

export function hasFailed(sections: readonly Section[]): boolean {
  return count(sections, 'failed') > 0;
}

function summary(sections: readonly Section[]): string {
  const counts = VERDICTS.map((verdict) => [verdict, count(sections, verdict)] as const).filter(([, many]) => many > 0);
  return counts.map(([verdict, many]) => styleText(styles[verdict], `${many} ${verdict}`)).join(', ');
}

function count(sections: readonly Section[], asked: Verdict): number {
  return sections.flatMap(({ findings }) => findings).filter(({ verdict }) => verdict === asked).length;
}
