import { expect, it, vi } from 'vitest';
import { BoundMeterProvider } from '../../../src/bound-meter/provider.ts';
import { defaults } from '../../../src/runtime/config.ts';
import { Pipeline } from '../../../src/runtime/pipeline.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

it('exports no more once it is shut down, also where an export to the spool was under way', async () => {
  using folder = new TemporaryFolder();
  const config = { ...defaults, metricsExporters: [], spoolFolder: folder.path };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const pipeline = new Pipeline(config, {}, new BoundMeterProvider({ readers: [] }));
    vi.advanceTimersByTime(1_100);
    const underWay = vi.spyOn(pipeline, 'export');
    await pipeline.shutdown(performance.now() + 1_000);
    vi.advanceTimersByTime(5_000);
    expect(underWay).not.toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});
