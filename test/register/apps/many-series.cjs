// More series than there is room for.
const { SignalMetrics } = require('signal-otel');

const metrics = new SignalMetrics();
for (let run = 0; run < 1_500; run++) metrics.gauge('custom.value', run, { tags: { run } });
