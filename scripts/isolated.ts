import { spawnSync } from 'node:child_process';

/** Runs, with variables besides the process's own, in a network namespace with loopback alone: the Collector probes cloud metadata addresses when it starts. */
export function runIsolated(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const isolate = ['--net', '--map-root-user', 'sh', '-c', 'ip link set lo up && exec "$@"', 'isolated'];
  const canIsolate = spawnSync('unshare', [...isolate, 'true']).status === 0;
  if (!canIsolate) console.log('Running without network isolation: `unshare --net` is not possible here.');
  const [program, ...rest] = canIsolate ? ['unshare', ...isolate, command, ...args] : [command, ...args];
  const { status } = spawnSync(program, rest, { stdio: 'inherit', env: { ...process.env, ...env } });
  return status ?? 1;
}
