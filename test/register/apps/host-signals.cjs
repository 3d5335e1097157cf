// A host's own telemetry, beside the package's.
const { logs, metrics, trace } = require('@opentelemetry/api');

metrics.getMeter('app').createCounter('app.requests').add(1);
metrics
  .getMeter('signal')
  .createObservableGauge('signal.app.observed')
  .addCallback((result) => result.observe(1));
trace.getTracer('app').startActiveSpan('app.span', (span) => span.end());
logs.getLogger('app').emit({ body: 'app.log' });
