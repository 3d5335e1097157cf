// Says something, and ends at once as it is told to.
import { SignalMetrics } from 'signal-otel';

const metrics = new SignalMetrics();
metrics.event({ title: 'The last words', text: 'before the end' });
metrics.serviceCheck({ checkName: 'the.end', status: 'warning' });
metrics.increment('custom.tokens', 5);
metrics.decrement('custom.budget', 2);

const [end] = process.argv.slice(2);
if (end === 'exit') process.exit(7);
if (end === 'throw') throw new Error('the end');
if (end === 'kill') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1_500);
