import { describe, expect, it } from 'vitest';
import { Output } from '../../../src/cli/output.ts';
import { hiding } from '../../../src/cli/secrets.ts';

/** An output into texts. */
function printing(environment: Record<string, string>, isTTY = false) {
  const written = { stdout: '', stderr: '' };
  const printer = (name: 'stdout' | 'stderr') => ({
    isTTY,
    write: (text: string) => {
      written[name] += text;
    },
  });
  return { written, output: new Output(hiding(environment), printer('stdout'), printer('stderr')) };
}

describe('the output of a command that knows secrets', () => {
  it('lets none through, as it is or as URLs and JSON have it', () => {
    const { written, output } = printing({ DD_API_KEY: 'geheim"1/2', DD_APP_KEY: 'geheim"1/2 und mehr' }, true);
    output.print(`a geheim"1/2 und mehr b ${JSON.stringify('geheim"1/2')}`);
    output.error(`https://a/?k=${encodeURIComponent('geheim"1/2')}`);
    output.progress('geheim"1/2 ...');
    expect(written.stdout + written.stderr).not.toContain('geheim');
    expect(written.stdout).toContain('a (hidden) b "(hidden)"\n');
    expect(written.stderr).toContain('https://a/?k=(hidden)\n');
  });

  it('lets no text act on the terminal', () => {
    const { written, output } = printing({});
    output.print('a\u001b[2Jb\nc');
    expect(written.stdout).toBe('a\\u001b[2Jb\nc\n');
  });

  it('shows progress on a terminal alone, in a line that goes again', () => {
    const plain = printing({});
    plain.output.progress('Looking ...');
    expect(plain.written.stdout).toBe('');

    const terminal = printing({}, true);
    terminal.output.progress('Looking ...');
    terminal.output.progress('Writing ...');
    terminal.output.print('Done');
    terminal.output.print('Really');
    const clear = '\r\u001b[2K';
    expect(terminal.written.stdout).toBe(`${clear}Looking ...${clear}Writing ...${clear}Done\nReally\n`);
  });
});
