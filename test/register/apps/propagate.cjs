const { context, propagation, trace } = require('@opentelemetry/api');

trace.getTracer('host').startActiveSpan('request', (span) => {
  const headers = {};
  const baggage = propagation.createBaggage({ team: { value: 'ml' } });
  propagation.inject(propagation.setBaggage(context.active(), baggage), headers);
  console.log(JSON.stringify(headers));
  span.end();
});
