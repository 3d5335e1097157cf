import { styleText } from 'node:util';
import type { Hide } from '../secrets.ts';
import { type Section, VERDICTS, type Verdict } from './finding.ts';

const styles = { failed: 'red', warning: 'yellow', ok: 'green', skipped: 'dim' } as const satisfies Record<
  Verdict,
  Parameters<typeof styleText>[0]
>;

const WIDTH = Math.max(...VERDICTS.map((verdict) => verdict.length));
const INDENT = ' '.repeat(WIDTH + 4);

export function toText(sections: readonly Section[], hide: Hide): string {
  const blocks = sections.map(({ title, findings }) => {
    const lines = findings.flatMap(({ verdict, found, next }) => [
      `  ${styleText(styles[verdict], verdict.padEnd(WIDTH))}  ${hide(found)}`,
      ...(next === undefined ? [] : [`${INDENT}-> ${hide(next)}`]),
    ]);
    return [styleText('bold', title), ...lines].join('\n');
  });
  return [...blocks, summary(sections)].join('\n\n');
}

export function toJson(sections: readonly Section[], hide: Hide): string {
  const rows = sections.flatMap(({ title, findings }) =>
    findings.map(({ verdict, found, next }) => ({
      check: title,
      verdict,
      found: hide(found),
      next: next === undefined ? undefined : hide(next),
    })),
  );
  return JSON.stringify(rows, undefined, 2);
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
