import { GpuSampler } from '../../../../src/instrumentation/gpu.ts';

// A process that samples GPUs: `gpu-host.ts <tool> <millis to go on with a sample>`. It says when it has one.
const [command = '', goOnMillis] = process.argv.slice(2);
const busy = setInterval(() => {}, 60_000);
new GpuSampler({
  intervalMillis: 60_000,
  command,
  onSample: ({ gpus }) => {
    process.stdout.write(`sampled ${gpus.length}\n`);
    setTimeout(() => clearInterval(busy), Number(goOnMillis));
  },
}).start();
