import { defineConfig } from 'vitest/config';
import { typeStripping } from './test/support/type-stripping.ts';

export default defineConfig({
  test: {
    // Real Collectors and Prometheus start in many of them; two cores carry two at a time.
    maxWorkers: 2,
    // For the worker threads that tests start.
    execArgv: [...typeStripping],
    // Node 22 has no AsyncDisposableStack.
    setupFiles: 'AsyncDisposableStack' in globalThis ? [] : ['disposablestack/auto'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'all', include: ['test/**/*.test.ts'] } },
      // The package's own API once more, on a host's official SDK in place of the bound meter.
      {
        extends: true,
        test: {
          name: 'official SDK',
          include: ['test/unit/{otel,run}/**/*.test.ts', 'test/properties/{options,operations,record}.test.ts'],
          env: { TEST_METER: 'official' },
        },
      },
    ],
  },
});
