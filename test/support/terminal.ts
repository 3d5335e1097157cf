import { Terminal } from '@xterm/headless';
import { type RunningProcess, startProcess } from './child.ts';

export interface Screen {
  /** From the first one that was scrolled away to the last of the screen, without the empty ones at the end. */
  readonly lines: readonly string[];
  readonly lastRow: string;
  readonly cursorRow: number;
  /** The terminal's number of the colour in which a text of the last row is; `undefined` where it has none. */
  colourOf(text: string): number | undefined;
}

/** What a terminal shows of a process that runs in it; leaving its scope kills it. */
export interface TerminalProcess extends AsyncDisposable {
  readonly process: RunningProcess;
  screen(): Promise<Screen>;
}

export const ROWS = 16;
export const COLUMNS = 100;

/** Runs a command line of the shell in a terminal: a real pseudo-terminal, on a screen as xterm.js has it. */
export async function startInTerminal(
  commandLine: string,
  { env = {}, cwd }: { readonly env?: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<TerminalProcess> {
  const sized = `stty rows ${ROWS} cols ${COLUMNS} -echo; ${commandLine}`;
  const process = await startProcess('script', ['--quiet', '--return', '--flush', '--command', sized, '/dev/null'], {
    cwd,
    env: { TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
  });
  return {
    process,
    screen: () => shown(process.stdout()),
    [Symbol.asyncDispose]: process[Symbol.asyncDispose],
  };
}

async function shown(output: string): Promise<Screen> {
  const terminal = new Terminal({ rows: ROWS, cols: COLUMNS, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  const { active } = terminal.buffer;
  const rows = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? '');
  const last = active.getLine(active.length - 1);
  const lastRow = rows.at(-1) ?? '';
  return {
    lines: rows.slice(0, rows.findLastIndex((row) => row !== '') + 1),
    lastRow,
    cursorRow: active.cursorY,
    colourOf(text) {
      const cell = last?.getCell(lastRow.indexOf(text));
      return cell === undefined || cell.isFgDefault() ? undefined : cell.getFgColor();
    },
  };
}
