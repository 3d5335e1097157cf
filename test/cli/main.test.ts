import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';

const fileOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const signalOtel = (...args: string[]) => runNode([fileOf('dist/cli/main.js'), ...args]);

/** As the help lists them. */
const commands = async () => {
  const { stdout } = await signalOtel('--help');
  return [...new Set([...stdout.matchAll(/^ {2}signal-otel ([a-z]+)/gm)].map(([, command = '']) => command))];
};

describe('signal-otel', () => {
  it('says what it can do', async () => {
    expect(await signalOtel('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage'), stderr: '' });
    expect((await commands()).sort()).toEqual([
      'catalogue',
      'config',
      'dashboards',
      'datadog',
      'demo',
      'doctor',
      'live',
    ]);
    expect(await signalOtel()).toMatchObject({ code: 2, stdout: expect.stringContaining('Usage') });
  });

  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(fileOf('package.json'), 'utf8'));
    expect(await signalOtel('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('has a help for each command', async () => {
    for (const command of await commands()) {
      const result = await signalOtel(command, '--help');
      expect(result, command).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(`^signal-otel ${command}`),
        stderr: '',
      });
    }
  });

  it('says which commands there are where it is given another', async () => {
    const { code, stdout, stderr } = await signalOtel('dashboard');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/no command "dashboard"/);
    for (const command of await commands()) expect(stderr).toContain(command);
  });

  it('says where to read on where an option is none', async () => {
    for (const command of (await commands()).filter((name) => name !== 'live')) {
      const { code, stdout, stderr } = await signalOtel(command, '--none-such');
      expect({ code, stdout }, command).toEqual({ code: 2, stdout: '' });
      expect(stderr, command).toMatch(
        new RegExp(`^signal-otel.*: Unknown option '--none-such'.*\\. See signal-otel ${command} --help\\.\\n$`, 's'),
      );
    }
  });
});
