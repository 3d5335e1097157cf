import { WriteStream } from 'node:tty';
import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { FootLine } from '../../../src/cli/foot-line.ts';

const [ROWS, COLUMNS] = [6, 20];

/** What the last row of a terminal shows after these texts. */
async function lastRowOf(...texts: readonly string[]): Promise<string> {
  let written = '';
  const stream: WriteStream = Object.assign(Object.create(WriteStream.prototype), {
    rows: ROWS,
    columns: COLUMNS,
    write: (text: string) => {
      written += text;
    },
  });
  const line = new FootLine(stream);
  for (const text of texts) line.show(text);
  const terminal = new Terminal({ rows: ROWS, cols: COLUMNS, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(written, resolve));
  return terminal.buffer.active.getLine(ROWS - 1)?.translateToString(true) ?? '';
}

describe('the last row of a terminal', () => {
  it('shows all of a text that fills it', async () => {
    expect(await lastRowOf('x'.repeat(COLUMNS))).toBe('x'.repeat(COLUMNS));
  });

  it('has nothing left of a longer text before', async () => {
    expect(await lastRowOf('x'.repeat(COLUMNS), 'short')).toBe('short');
  });
});
