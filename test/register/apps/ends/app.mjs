import { fileURLToPath } from 'node:url';
import { createMetricsCollector } from 'signal-otel';
import ways from './ways.cjs';

await ways.run(createMetricsCollector, fileURLToPath(import.meta.url), process.argv.slice(2));
