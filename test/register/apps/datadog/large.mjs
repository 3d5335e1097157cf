// More than one request to Datadog may hold: 2000 points of some 5 kB, which hardly compress.
import { randomBytes } from 'node:crypto';
import { SignalMetrics } from 'signal-otel';

const metrics = new SignalMetrics();
for (let run = 0; run < 2_000; run++) {
  const tags = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`tag${index}`, randomBytes(50).toString('hex')]),
  );
  metrics.gauge('custom.value', run, { tags });
}
