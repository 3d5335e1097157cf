import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { log, warnOnce } from '../../src/otel/diagnostics.ts';
import { runNode } from '../support/child.ts';
import { CapturedLog } from '../support/log.ts';
import { typeStripping } from '../support/type-stripping.ts';
import { texts } from './arbitraries.ts';
import { expectQuiet } from './invariants.ts';

const app = 'test/properties/apps/stderr.ts';

describe('what goes to stderr', () => {
  it('is one line for each message, bounded, without control characters and secrets', async () => {
    const text = `line\nsignal-otel: forged\r\u001b[31m\u2028\u202e\ud800 api_key=secret123 ${'x '.repeat(5_000)}`;
    const { stdout, stderr } = await runNode([app], { env: { TEXT: JSON.stringify(text) } });
    expect(stdout).toBe('done');
    // The API says that there is a logger.
    const lines = stderr.slice(0, -1).split('\n').slice(1);
    expect(lines).toHaveLength(9);
    for (const line of lines) {
      expect(line).toMatch(/^signal-otel: line signal-otel: forged \[31m/);
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\p{Cs}\ufffd]/u);
      expect(line).not.toContain('secret123');
      expect(line.length).toBeLessThanOrEqual(2_100);
    }
  });

  it('ends no process where nobody reads it any more', async () => {
    const child = spawn(process.execPath, [...typeStripping, app], { env: { TEXT: '"warning"', TIMES: '200' } });
    child.stderr.destroy();
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stdout).toBe('done');
  });
});

describe('the package’s log', () => {
  it('hands a host’s logger one bounded line, whatever it is told', () => {
    const captured = new CapturedLog().install();
    fc.assert(
      fc.property(texts, texts, (text, key) => {
        log.warn(text);
        warnOnce(key, text);
        expectQuiet(captured);
        captured.warnings.length = 0;
      }),
      { numRuns: 5_000, seed: 61 },
    );
  });

  it('never throws, whatever the host’s logger does', () => {
    let isBroken = false;
    const fail = () => {
      if (isBroken) throw new Error('logger');
    };
    const broken = { error: fail, warn: fail, info: fail, debug: fail, verbose: fail };
    diag.setLogger(broken, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
    isBroken = true;
    for (const say of Object.values(log)) expect(() => say('text')).not.toThrow();
    expect(() => warnOnce('a logger that throws', 'text')).not.toThrow();
  });
});
