import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { ROWS, startInTerminal } from '../support/terminal.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = `'${process.execPath}' dist/cli/main.js`;
const RED = 1;

/** Alarms would come between the pieces of the program's lines, which it prints itself. */
const env = { OTEL_LOG_LEVEL: 'none', SIGNAL_LIVE_PORT: '0' };

function printing(runs: string, { options = '', afterwards = ':', more = {} } = {}) {
  return startInTerminal(`${cli} live --no-open ${options} test/cli/apps/printing.mjs ${runs}; ${afterwards}`, {
    cwd: root,
    env: { ...env, ...more },
  });
}

const whole = /^line \d+ has a beginning and an end$/;

describe('the progress of signal-otel live', () => {
  it('is in the last row of the terminal, beside what the program prints, and goes with it', async () => {
    await using terminal = await printing('run_a', { afterwards: 'for row in $(seq 40); do echo after $row; done' });
    const { process, screen } = terminal;
    const full = /^step \d+ {2}loss 0\.5 {2}reward 21 {2}KL 0\.25 \(critical\) {2}\d+ steps\/s {2}p99 12\.5 ms$/;
    await expect.poll(async () => (await screen()).lastRow, { timeout: 20_000 }).toMatch(full);
    expect((await screen()).colourOf('KL')).toBe(RED);
    await process.waitForOutput(/line 60 /);
    const running = await screen();
    expect(running.lastRow).toMatch(full);
    expect(running.lines.slice(0, -2).filter((line) => line !== '' && !whole.test(line))).toEqual([]);

    process.endInput('end\n');
    expect(await process.exited).toMatchObject({ code: 0 });
    const { lines, cursorRow } = await screen();
    const own = lines.filter((line) => whole.test(line));
    expect(own).toEqual(own.map((_, index) => `line ${index + 1} has a beginning and an end`));
    // The whole screen scrolls again, and nothing is left of the row.
    expect(cursorRow).toBe(ROWS - 1);
    expect(lines.slice(own.length).filter((line) => line !== '')).toEqual(
      Array.from({ length: 40 }, (_, index) => `after ${index + 1}`),
    );
  });

  it('has no colours where NO_COLOR is set', async () => {
    await using terminal = await printing('run_a', { more: { NO_COLOR: '1' } });
    await expect
      .poll(async () => (await terminal.screen()).lastRow, { timeout: 20_000 })
      .toMatch(/KL 0\.25 \(critical/);
    expect((await terminal.screen()).colourOf('KL')).toBeUndefined();
  });

  it('is of the newest of several runs', async () => {
    await using terminal = await printing('run_a run_b run_c');
    await expect
      .poll(async () => (await terminal.screen()).lastRow, { timeout: 20_000 })
      .toMatch(/^run_c {2}step \d+ .* and 2 runs more$/);
  });

  it('gives the row back where Ctrl-C ends the program', async () => {
    await using terminal = await printing('run_a');
    const { process, screen } = terminal;
    await expect.poll(async () => (await screen()).lastRow, { timeout: 20_000 }).toMatch(/^step/);
    process.endInput('\u0003');
    // Of the shell's, by SIGINT.
    expect(await process.exited).toEqual({ code: 130, signal: null });
    expect((await screen()).lines.join('\n')).not.toMatch(/steps\/s|loss/);
  });

  it.each([
    ['on a terminal that knows no control sequences', { more: { TERM: 'dumb' } }],
    ['with --no-progress', { options: '--no-progress' }],
  ])('is not there %s', async (_, settings) => {
    await using terminal = await printing('run_a', settings);
    await terminal.process.waitForOutput(/line 60 /);
    expect(terminal.process.stdout()).not.toContain('\u001b');
  });

  it('is not there where stderr is no terminal', async () => {
    const app = ['live', '--no-open', '--port', '0', 'test/cli/apps/printing.mjs', 'run_a'];
    const { stdout, stderr } = await runNode(['dist/cli/main.js', ...app], { cwd: root, env, input: 'end\n' });
    expect(stdout).toMatch(/^line 1 has a beginning and an end\n(line.*\n)*$/);
    expect(stderr).toBe('');
  });

  it('is the only one of the demo', async () => {
    await using terminal = await startInTerminal(`${cli} demo --no-open --target-reward 201`, { cwd: root, env });
    await expect
      .poll(async () => (await terminal.screen()).lastRow, { timeout: 20_000 })
      .toMatch(/^step \d+ {2}loss .* steps\/s {2}p99 .* ms$/);
    expect((await terminal.screen()).lines.filter((line) => /steps\/s/.test(line))).toHaveLength(1);
    terminal.process.endInput('\u0003');
    await terminal.process.exited;
    expect((await terminal.screen()).lines.join('\n')).not.toMatch(/steps\/s/);
  });
});
