import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import { exactQuantile } from '../support/quantile.ts';
import { mergeSketches, sketchQuantile } from '../support/sketch.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const COUNT = 2_000;

/** A fixed sequence that looks random: the same spread in every run of the test. */
function spread(at: (share: number) => number): number[] {
  return Array.from({ length: COUNT }, (_, index) => at(((index + 1) * 0.618_033_988_749_895) % 1));
}

const logarithmic = (from: number, to: number) => spread((share) => from * (to / from) ** share);

describe('p50 and p99 as Datadog shows them', () => {
  it.each<[string, number[], number]>([
    ['durations within a factor of 10', logarithmic(40, 400), 0.02],
    ['durations within 1 %', logarithmic(250, 252.5), 0.02],
    ['equal durations', spread(() => 250), 0.02],
    ['durations from 1 ms to 1 h', logarithmic(1, 3_600_000), 0.04],
    ['a fast and a slow kind', spread((share) => (share < 0.7 ? 5 + share : 60_000 + 30_000 * share)), 0.04],
  ])('are near the exact ones for %s', { timeout: 60_000 }, async (_, durations, tolerance) => {
    await using intake = await startDatadogIntake();
    await using collector = await startCollector({ env: intake.collectorEnv });
    const result = await runNode(['--require', 'signal-otel/register', 'test/collector/apps/durations.mjs'], {
      cwd: root,
      input: JSON.stringify(durations),
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint },
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const sketch = await intake.waitFor(() => {
      const points = intake.sketches.flatMap((each) => each.points);
      return points.length > 0 && mergeSketches(points);
    });
    expect(sketch.count).toBe(COUNT);
    for (const quantile of [0.5, 0.99]) {
      const exact = exactQuantile(durations, quantile);
      expect(Math.abs(sketchQuantile(sketch, quantile) - exact) / exact).toBeLessThan(tolerance);
    }
  });
});
