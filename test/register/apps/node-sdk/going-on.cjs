// Begins its next part where the first has nothing left to do.
const { trace } = require('@opentelemetry/api');

trace.getTracer('host').startSpan('first part').end();
process.once('beforeExit', () => {
  setTimeout(() => console.log('went on past the deadline'), 1.5 * Number(process.env.SIGNAL_SHUTDOWN_TIMEOUT));
});
