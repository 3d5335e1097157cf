import { describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { root } from '../support/driver.ts';
import { startOtlpServer } from '../support/otlp-server.ts';
import { decodeOtlpMetrics, decodeOtlpSpans } from '../support/otlp-wire.ts';
import { json, startSignalServer } from '../support/signal-server.ts';

const long = { loss: 0.125, step: 1, logprobs: Array.from({ length: 10_000 }, () => -0.5) };

describe('calls at the end of the process', () => {
  it.each([
    ['natural', 0],
    ['exit', 3],
  ])('that are open have their spans delivered, what was answered its values: %s', async (end, code) => {
    await using receiver = await startOtlpServer();
    await using signal = await startSignalServer();
    signal.answer((request, response) => {
      if (request.path.endsWith('_async')) json({ future_id: 'f1', status: 'pending' })(request, response);
      else if (request.path.endsWith('forward_backward')) json(long)(request, response);
    });
    const app = 'test/register/apps/calls/ending.mjs';
    const result = await runNode(['--require', 'signal-otel/register', app, signal.url, end], {
      cwd: root,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        SIGNAL_TAGS: 'team:ml',
      },
    });
    expect(result).toEqual({ code, signal: null, stdout: '', stderr: '' });
    const bodies = (path: string) => receiver.requests.filter((one) => one.path === path).map(({ body }) => body);
    const series = bodies('/v1/metrics').flatMap((body) => decodeOtlpMetrics(body).series);
    const losses = series.filter(({ metric }) => metric === 'signal.training.loss');
    expect(losses.flatMap(({ points }) => points.map(({ value }) => value))).toEqual([0.125]);
    const spans = bodies('/v1/traces').flatMap((body) => decodeOtlpSpans(body));
    expect(Object.fromEntries(spans.map(({ name, meta }) => [name, meta.unfinished]))).toEqual({
      'signal.forward_backward': undefined,
      'signal.optim_step': 'true',
      'signal.sample': end === 'exit' ? 'true' : undefined,
    });
    expect(spans.every(({ meta }) => meta.team === 'ml')).toBe(true);
  });
});
