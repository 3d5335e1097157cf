import { spawnSync } from 'node:child_process';
import {
  collectorBinary,
  kafkaBrokerBinary,
  kafkaCollectorBinary,
  prometheusBinary,
  promtoolBinary,
} from '../../support/binaries.ts';

const { REAL_NPM = 'npm' } = process.env;
const [command, ...rest] = process.argv.slice(2);

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const { status } = spawnSync(REAL_NPM, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  process.exitCode = status ?? 1;
}

if (command === 'ci') run(['ci', '--dry-run', '--offline', '--loglevel=error']);
else if (command === 'test') {
  // It builds what is missing, of which the one file needs nothing.
  const built = [collectorBinary, kafkaCollectorBinary, kafkaBrokerBinary, prometheusBinary, promtoolBinary];
  const env = Object.fromEntries(built.map(({ variable }) => [variable, '/bin/true']));
  run(['test', '--', 'test/unit/catalogue/naming.test.ts'], env);
} else if (command !== undefined) run([command, ...rest]);
