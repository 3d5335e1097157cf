import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { collectorBinary, findBinary, prometheusBinary } from './binaries.ts';

const folder = mkdtempSync(join(tmpdir(), 'signal-otel-binaries-'));

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function executable(name: string, output: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho '${output}'\n`, { mode: 0o755 });
  vi.stubEnv('PATH', [folder, process.env.PATH].join(delimiter));
  return path;
}

describe('findBinary', () => {
  it('takes a Prometheus of the PATH that is new enough', () => {
    const path = executable('prometheus', 'prometheus, version 3.6.0 (branch: HEAD)');
    expect(findBinary(prometheusBinary)).toBe(path);
  });

  it('passes over one without an OTLP receiver', () => {
    const path = executable('prometheus', 'prometheus, version 2.42.0+ds (branch: debian/sid)');
    expect(findBinary(prometheusBinary)).not.toBe(path);
  });

  it('passes over a Collector without the Datadog exporter', () => {
    const path = executable('otelcol', 'exporters:\n    - name: otlp_http');
    expect(findBinary(collectorBinary)).not.toBe(path);
  });

  it('takes what the variable names before everything else', () => {
    executable('otelcol', 'exporters:\n    - name: datadog');
    const named = executable('another', '');
    vi.stubEnv('OTELCOL', named);
    expect(findBinary(collectorBinary)).toBe(named);
  });

  it('refuses a variable that names nothing', () => {
    vi.stubEnv('OTELCOL', join(folder, 'nowhere'));
    expect(() => findBinary(collectorBinary)).toThrow('OTELCOL names');
  });
});
