import { spawnSync } from 'node:child_process';

/** Runs in a network namespace with loopback alone: the Collector probes cloud metadata addresses when it starts. */
export function runIsolated(command: string, args: readonly string[]): number {
  const isolate = ['--net', '--map-root-user', 'sh', '-c', 'ip link set lo up && exec "$@"', 'isolated'];
  const canIsolate = spawnSync('unshare', [...isolate, 'true']).status === 0;
  if (!canIsolate) console.log('Running without network isolation: `unshare --net` is not possible here.');
  const { status } = canIsolate
    ? spawnSync('unshare', [...isolate, command, ...args], { stdio: 'inherit' })
    : spawnSync(command, args, { stdio: 'inherit' });
  return status ?? 1;
}
