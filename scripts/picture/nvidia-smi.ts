/**
 * Stands in for NVIDIA's tool on a machine without a GPU: prints two GPUs at work, again and again. The numbers are made
 * up, and the picture says so.
 */
import { setTimeout } from 'node:timers/promises';

const TOTAL_MIB = 81_559;
const intervalMillis = Number(/--loop-ms=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 1_000);

function line(index: number, round: number): string {
  const wave = Math.sin(round / 4 + 2 * index);
  const utilization = Math.round(84 - 9 * index + 7 * wave);
  const memory = Math.round(52_000 - 6_000 * index + 900 * Math.sin(round / 9));
  const temperature = Math.round(61 - 3 * index + Math.min(round, 30) / 6 + wave);
  const power = (560 - 40 * index + 45 * wave).toFixed(2);
  const uuid = `GPU-6f0b2c1e-93d4-4a57-8c1d-00000000000${index}`;
  return [2, index, uuid, utilization, memory, TOTAL_MIB, temperature, power, 'Stand-in'].join(', ');
}

// Whoever reads it kills it.
for (let round = 0; ; round += 1) {
  process.stdout.write(`${line(0, round)}\n${line(1, round)}\n`);
  await setTimeout(intervalMillis);
}
