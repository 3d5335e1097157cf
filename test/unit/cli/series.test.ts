import { describe, expect, it } from 'vitest';
import { examineSeries } from '../../../src/cli/doctor/series.ts';
import { defaults } from '../../../src/runtime/config.ts';

const url = 'http://127.0.0.1:9464/metrics';

function examined(body: string, isWhole = true) {
  return examineSeries({ url, answer: { kind: 'answer', status: 200, body, isWhole } }, defaults);
}

describe('the series on a page', () => {
  const page = [
    '# TYPE target_info gauge',
    'target_info{service_name="s"} 1',
    '# TYPE signal_training_loss gauge',
    String.raw`signal_training_loss{team="a,\"b\"=\\",run_id="}{",otel_scope_name="signal"} 1`,
    String.raw`signal_training_loss{team="a,\"c\"=\\",run_id="}{",otel_scope_name="signal"} 1`,
    '# TYPE signal_custom_ms histogram',
    ...['0.5', '+Inf'].map((le) => `signal_custom_ms_bucket{run_id="r",le="${le}"} 1`),
    'signal_custom_ms_sum{run_id="r"} 1',
    'signal_custom_ms_count{run_id="r"} 1',
    '# TYPE signal_never_total counter',
    '',
  ].join('\n');

  it('are told apart by labels with any text in them; a histogram has one for its many lines', () => {
    const [counted] = examined(page);
    expect(counted?.found).toBe(`3 series of 2 metrics at ${url}`);
    expect(counted?.table).toEqual([
      { metric: 'signal_custom_ms', series: 1, attribute: 'run_id', values: 1, custom_metrics: 5 },
      { metric: 'signal.training.loss', series: 2, attribute: 'team', values: 2, custom_metrics: 2 },
    ]);
  });

  it('of a page that is cut are said to be a part', () => {
    expect(examined(page, false)[0]?.found).toMatch(/ on the first part of a page that is too long$/);
  });

  it('are none of another program, or of an application that has recorded nothing', () => {
    for (const body of ['', '<html>', '# TYPE up gauge\nup{job="a"} 1\n']) {
      expect(examined(body)).toEqual([{ verdict: 'skipped', found: `${url} shows none` }]);
    }
  });

  it('that other tags drive are no reason to leave run_id out', () => {
    const series = Array.from({ length: 30 }, (_, at) =>
      Array.from({ length: 40 }, (_, node) => `signal_training_loss{run_id="r${at % 30}",node="${at}_${node}"} 1`),
    ).flat();
    const [, cost] = examined(['# TYPE signal_training_loss gauge', ...series, ''].join('\n'));
    expect(cost).toMatchObject({ verdict: 'ok', found: expect.stringContaining('0 of them by run_id (30 values)') });
  });
});
