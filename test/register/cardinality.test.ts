import { describe, expect, it } from 'vitest';
import { isInSample } from '../../src/run/run-sample.ts';
import { runNode } from '../support/child.ts';
import { root } from '../support/driver.ts';
import { type OtlpRequest, startOtlpServer } from '../support/otlp-server.ts';
import { decodeOtlpLogs, decodeOtlpMetrics, decodeOtlpSpans } from '../support/otlp-wire.ts';
import { json, startSignalServer } from '../support/signal-server.ts';

const RUNS = 12;
const all = Array.from({ length: RUNS }, (_, run) => `run_${run.toString(16).padStart(16, '0')}`);

/** What a process that makes one call for each run has sent. */
async function drive(env: Readonly<Record<string, string>>) {
  await using receiver = await startOtlpServer();
  await using signal = await startSignalServer();
  signal.answer(json({ loss: 0.5, step: 1, metrics: { kl_divergence: 1 } }));
  const app = 'test/register/apps/cardinality/runs.mjs';
  const result = await runNode(['--require', 'signal-otel/register', app, signal.url, String(RUNS)], {
    cwd: root,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env },
  });
  expect(result).toMatchObject({ code: 0, stdout: '' });
  return { stderr: result.stderr, sent: sentTo(receiver.requests) };
}

function sentTo(requests: readonly OtlpRequest[]) {
  const bodies = (path: string) => requests.filter((one) => one.path === path).map(({ body }) => body);
  const metrics = bodies('/v1/metrics').map((body) => decodeOtlpMetrics(body));
  const measured = metrics.flatMap(({ series, sketches }) => [...series, ...sketches]);
  return {
    series: metrics.flatMap(({ series }) => series),
    /** The runs that a metric's series tell apart. */
    runsOf: (name: string) =>
      measured.filter(({ metric }) => metric === name).map(({ tags }) => tagOf(tags, 'run_id') ?? 'all together'),
    logs: bodies('/v1/logs').flatMap((body) => decodeOtlpLogs(body)),
    spans: bodies('/v1/traces').flatMap((body) => decodeOtlpSpans(body)),
  };
}

function tagOf(tags: readonly string[], key: string): string | undefined {
  return tags.find((tag) => tag.startsWith(`${key}:`))?.slice(key.length + 1);
}

describe('SIGNAL_OMIT_ATTRIBUTES', () => {
  it('leaves run_id out of the metrics that it names, and merges their series', async () => {
    const { sent } = await drive({ SIGNAL_OMIT_ATTRIBUTES: 'user_id, run_id:signal.performance.*' });
    expect(new Set(sent.runsOf('signal.performance.forward_backward_duration_ms'))).toEqual(new Set(['all together']));
    expect(sent.runsOf('signal.training.loss').sort()).toEqual(all);
    expect(new Set(sent.runsOf('signal.health.status'))).toEqual(new Set(all));
    expect(sent.spans.map(({ meta }) => meta.run_id).sort()).toEqual(all);
  });

  it('is ignored where a name is misspelt, which one line says with what to write', async () => {
    const { sent, stderr } = await drive({
      SIGNAL_OMIT_ATTRIBUTES: 'run_id:signal.perfomance.*',
      SIGNAL_HEALTH: 'off',
    });
    expect(sent.runsOf('signal.training.loss').sort()).toEqual(all);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /SIGNAL_OMIT_ATTRIBUTES takes a list .*write "run_id:signal.performance.\*"; none is left out/,
      ),
    ]);
  });
});

describe('SIGNAL_RUN_SAMPLE_RATIO', () => {
  const ratio = 0.5;
  const chosen = all.filter((id) => isInSample(id, ratio));
  const leftOut = all.filter((id) => !isInSample(id, ratio));

  it('has a share of the runs send metrics, after each start the same, and the alarms of all', async () => {
    expect([chosen.length > 0, leftOut.length > 0]).toEqual([true, true]);
    for (let start = 0; start < 2; start++) {
      const { sent, stderr } = await drive({ SIGNAL_RUN_SAMPLE_RATIO: String(ratio) });
      for (const name of ['signal.training.loss', 'signal.performance.forward_backward_duration_ms']) {
        expect([name, sent.runsOf(name).sort()]).toEqual([name, chosen]);
      }
      expect(new Set(sent.runsOf('signal.health.status'))).toEqual(new Set(chosen));
      expect(sent.spans.map(({ meta }) => meta.run_id).sort()).toEqual(all);
      const marked = sent.spans.filter(({ meta }) => meta.run_sampled === 'false').map(({ meta }) => meta.run_id);
      expect(marked.sort()).toEqual(leftOut);
      const counts = sent.series.filter(({ metric }) => metric === 'signal.otel.runs');
      expect(
        Object.fromEntries(counts.map(({ tags, points }) => [tagOf(tags, 'run_sampled'), points.at(-1)?.value])),
      ).toEqual({
        true: chosen.length,
        false: leftOut.length,
      });
      for (const id of all) expect(stderr).toContain(`${id}: Critical:`);
      expect(JSON.stringify(sent.logs)).toContain(leftOut[0]);
      expect(stderr.match(/its metrics are left out/g)).toHaveLength(1);
    }
  });

  it('at 0, with spans and events off, still counts the runs that are left out', async () => {
    const { sent } = await drive({
      SIGNAL_RUN_SAMPLE_RATIO: '0',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    });
    const names = new Set(sent.series.map(({ metric }) => metric).filter((name) => !name.startsWith('signal.otel.')));
    expect([...names]).toEqual([]);
    const counts = sent.series.filter(({ metric }) => metric === 'signal.otel.runs').at(-1);
    expect(counts).toMatchObject({ tags: expect.arrayContaining(['run_sampled:false']) });
    expect(counts?.points.at(-1)?.value).toBe(RUNS);
  });

  it('is ignored where it is no share, and said to be', async () => {
    const { sent, stderr } = await drive({ SIGNAL_RUN_SAMPLE_RATIO: '10%', SIGNAL_HEALTH: 'off' });
    expect(sent.runsOf('signal.training.loss').sort()).toEqual(all);
    expect(stderr).toContain('SIGNAL_RUN_SAMPLE_RATIO takes a share from 0 to 1; "10%" is ignored, 1 holds');
  });

  it('counts no run any more whose collector nobody has', async () => {
    const app = 'test/register/apps/cardinality/abandoned.mjs';
    const result = await runNode(['--expose-gc', app], { cwd: root });
    expect(result).toMatchObject({ code: 0, stdout: '[1,2,3,4,3,2,1] run_kept\n' });
  });
});
