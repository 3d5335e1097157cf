const { createMetricsCollector } = require('signal-otel');
const { run } = require('./ways.cjs');

run(createMetricsCollector, __filename, process.argv.slice(2));
