import { describe, expect, it } from 'vitest';
import { runNode, startNode } from './child.ts';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const idle = 'console.log("up"); setInterval(() => {}, 1_000)';

describe('runNode', () => {
  it('gives both streams, the exit code, and what was written to the input', async () => {
    const script = 'process.stdin.pipe(process.stdout); console.error("trouble"); process.exitCode = 3';
    expect(await runNode(['-e', script], { input: 'hello' })).toEqual({
      code: 3,
      signal: null,
      stdout: 'hello',
      stderr: 'trouble\n',
    });
  });

  it('inherits nothing that could send data elsewhere', async () => {
    process.env.DD_API_KEY = 'of the developer';
    try {
      const { stdout } = await runNode(['-p', 'JSON.stringify([process.env.DD_API_KEY, process.env.OWN])'], {
        env: { OWN: 'set' },
      });
      expect(JSON.parse(stdout)).toEqual([null, 'set']);
    } finally {
      delete process.env.DD_API_KEY;
    }
  });

  it('kills what does not end, and shows its output', async () => {
    await expect(runNode(['-e', idle], { timeoutMillis: 2_000 })).rejects.toThrow(/did not end in 2000 ms:\nup/);
  });
});

describe('startNode', () => {
  it('waits for output', async () => {
    await using child = await startNode(['-e', 'console.log("port 42"); setInterval(() => {}, 1_000)']);
    expect((await child.waitForOutput(/port (\d+)/))[1]).toBe('42');
  });

  it('says so when the process ends without the output', async () => {
    await using child = await startNode(['-e', 'console.error("no licence")']);
    await expect(child.waitForOutput(/ready/)).rejects.toThrow(/ended without printing \/ready\/:\nno licence/);
  });

  it('leaves no process behind', async () => {
    let pid: number;
    {
      await using child = await startNode(['-e', idle]);
      pid = child.pid;
      await child.waitForOutput(/up/);
      expect(isAlive(pid)).toBe(true);
    }
    expect(isAlive(pid)).toBe(false);
  });

  it('kills what ignores a request to end', async () => {
    await using child = await startNode(['-e', `process.on('SIGTERM', () => {}); ${idle}`]);
    await child.waitForOutput(/up/);
    expect(await child.stop({ deadlineMillis: 100 })).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
