import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startPrometheus } from '../../support/prometheus.ts';

const { SEEN = '' } = process.env;
const { values } = parseArgs({ options: { 'config.file': { type: 'string' } } });
await using prometheus = await startPrometheus({ configFile: resolve(values['config.file'] ?? '') });
const { labels } = await prometheus.waitForSample('signal_training_loss');
const alerts = await prometheus.alertNames();
appendFileSync(SEEN, 'prometheus\n');
console.log(`Prometheus has ${labels.run_id} and ${alerts.length} alerts`);
