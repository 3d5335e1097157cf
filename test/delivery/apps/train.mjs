// Takes so many steps, one each 20 ms, and says each with its time: a count of 3, a record of a histogram and a value of a
// gauge. Each metric carries the name of the run.
import { SignalMetrics } from 'signal-otel';

const [steps = '100', run = 'run'] = process.argv.slice(2);
const metrics = new SignalMetrics({ constantTags: { run } });
let step = 0;
const timer = setInterval(() => {
  step += 1;
  metrics.increment('drive.count', 3);
  metrics.histogram('drive.histogram', step);
  metrics.gauge('drive.step', step);
  process.stdout.write(`step ${step} at ${Date.now()}\n`);
  if (step === Number(steps)) clearInterval(timer);
}, 20);
