import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { collectorBinary, findBinary, prometheusBinary } from '../support/binaries.ts';
import { type Exit, type RunningProcess, startProcess } from '../support/child.ts';
import { startDatadogApi } from '../support/datadog-api.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import { startNpmRegistry } from '../support/npm-registry.ts';
import { startOtlpServer } from '../support/otlp-server.ts';
import { freePort } from '../support/ports.ts';
import { startTrainingServer } from '../support/training-server.ts';
import { typeStripping } from '../support/type-stripping.ts';
import { blocks, type DocumentBlock, root } from './code-blocks.ts';
import { rulesFor } from './evidence.ts';
import { missingLines } from './shape.ts';

const run = promisify(execFile);
const standIns = fileURLToPath(new URL('./stand-ins', import.meta.url));
const driver = fileURLToPath(new URL('./apps/driver.js', import.meta.url));

type Environment = Readonly<Record<string, string>>;

/** Where the blocks are run, side by side: a checkout, a project with the package, one that is to get it. */
const CHECKOUT = 'signal-otel';
const PROJECT = 'project';
const EMPTY_PROJECT = 'my-project';

/** What a user of the documents has on the machine. stand-ins/README.md says what is not the real thing. */
export class Shell implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  readonly #folder: string;
  readonly #env: Record<string, string>;

  private constructor(folder: string, env: Record<string, string>) {
    this.#folder = folder;
    this.#env = env;
    this.#resources.defer(() => rm(folder, { recursive: true, force: true }));
  }

  static async prepare(): Promise<Shell> {
    const folder = await mkdtemp(join(tmpdir(), 'signal-otel-shell-'));
    const { stdout: npm } = await run('sh', ['-c', 'command -v npm']);
    const shell = new Shell(folder, {
      PATH: [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: folder,
      REAL_NPM: npm.trim(),
      // On the PATH their stand-ins would find themselves.
      OTELCOL: findBinary(collectorBinary) ?? '',
      PROMETHEUS: findBinary(prometheusBinary) ?? '',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
      // The package opens a browser on a desktop alone.
      DISPLAY: ':0',
    });
    try {
      await shell.#prepare();
    } catch (error) {
      await shell[Symbol.asyncDispose]();
      throw error;
    }
    return shell;
  }

  async #prepare(): Promise<void> {
    await this.#installStandIns();
    await this.#checkOut();
    const packed = await this.#bash('npm pack --silent --pack-destination ..', CHECKOUT);
    const registry = this.#resources.use(await startNpmRegistry(join(this.#folder, packed.trim())));
    this.#env.npm_config_registry = registry.url;
    this.#env.SIGNAL_SERVER = this.#resources.use(await startTrainingServer()).url;
    await this.#startProject(PROJECT);
    await this.#bash('npm install signal-otel @opentelemetry/api', PROJECT);
  }

  async #installStandIns(): Promise<void> {
    const bin = join(this.#folder, 'bin');
    await mkdir(bin);
    // They are not what is tested: they run under the Node of the scripts, which takes their TypeScript as it is.
    const node = join(root, 'node_modules/node/bin/node');
    for (const name of ['npm', 'docker', 'xdg-open', 'otelcol-contrib', 'prometheus']) {
      const file = join(bin, name);
      await writeFile(file, `#!/bin/sh\nexec '${node}' '${join(standIns, name)}.ts' "$@"\n`);
      await chmod(file, 0o755);
    }
  }

  /** The files of the repository as they are, with the modules that are installed. */
  async #checkOut(): Promise<void> {
    const checkout = join(this.#folder, CHECKOUT);
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
    });
    const files = [...new Set(stdout.split('\0'))].filter((name) => name !== '' && existsSync(join(root, name)));
    for (const file of files) await cp(join(root, file), join(checkout, file));
    await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
    await copyFile(driver, join(checkout, 'driver.js'));
  }

  /** A driver and nothing else. */
  async #startProject(name: string): Promise<void> {
    const folder = join(this.#folder, name);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    await copyFile(driver, join(folder, 'driver.js'));
  }

  #start(code: string, folder: string, env: Environment = {}): Promise<RunningProcess> {
    const cwd = join(this.#folder, folder);
    return startProcess('bash', ['--norc', '-euo', 'pipefail', '-c', code], { cwd, env: { ...this.#env, ...env } });
  }

  /** What it prints; nothing but success is expected. */
  async #bash(code: string, folder: string): Promise<string> {
    await using child = await this.#start(code, folder);
    const exit = await child.exited;
    if (exit.code !== 0) throw new Error(`${code}:\n${child.output()}`);
    return child.stdout();
  }

  /** Runs a block as it stands; it has to end, print and leave behind what the documents say. */
  async execute(block: DocumentBlock): Promise<void> {
    const { code, output: example } = block;
    const rules = rulesFor(code);
    expect(rules.length > 0 || example !== undefined, 'evidence.ts has to say what comes of such a command').toBe(true);

    await using resources = new AsyncDisposableStack();
    const [, apiKey = 'none'] = /_API_KEY="?([^"\s]+)/.exec(code) ?? [];
    const [, appKey = 'none'] = /_APP_KEY="?([^"\s]+)/.exec(code) ?? [];
    const otlp = resources.use(await startOtlpServer());
    const intake = resources.use(await startDatadogIntake({ apiKey }));
    const api = resources.use(await startDatadogApi({ apiKey, appKey }));

    const name = await this.#folderOf(code);
    const folder = join(this.#folder, name);
    const seen = join(this.#folder, `seen-${block.place.replaceAll('/', '-')}`);
    const ports = await freePorts();
    const { DD_API_KEY: _, ...collectorEnv } = intake.collectorEnv;
    const env: Environment = {
      ...collectorEnv,
      DATADOG_HOST: api.url,
      DATADOG_OTLP_ENDPOINT: intake.url,
      ...(goesToCollector(code) && { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url }),
      // Nobody listens there.
      ...(code.includes('signal-otel doctor') && {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:${await freePort()}`,
      }),
      OTEL_EXPORTER_PROMETHEUS_PORT: ports['9464'],
      SIGNAL_LIVE_PORT: ports['4320'],
      SEEN: seen,
      ...(/signal-otel live|prometheus --config/.test(code) && { DRIVES_UNTIL: seen }),
      // The documents ask for Node 22.18 there.
      ...(/\bnode .*\.ts\b/.test(code) && typeStripping.length > 0 && { NODE_OPTIONS: typeStripping.join(' ') }),
    };
    for (const { file, code: content } of blocks.filter(({ document }) => document === block.document)) {
      if (file !== undefined) await writeFile(join(folder, file), withPorts(content, ports));
    }
    if (code.startsWith('curl ')) {
      // What `npm run demo` starts; npm would not pass on that it is over.
      const demo = await this.#start('exec node dist/cli/main.js demo --no-open --target-reward 201', CHECKOUT, env);
      resources.defer(async () => void (await demo.stop()));
      await demo.waitForOutput(/^step \d+/m, { timeoutMillis: 60_000 });
    }

    await using child = await this.#start(withAwaitedJobs(withPorts(code, ports)), name, env);
    child.endInput();
    const exit = await ended(child);
    const expected = rules.some(({ fails }) => fails) ? 1 : 0;
    expect(exit.code, child.output()).toBe(expected);
    if (example !== undefined) expect(missingLines(example, child.output()), child.output()).toEqual([]);
    const shown = existsSync(seen) ? await readFile(seen, 'utf8') : '';
    for (const { holds } of rules) {
      await holds({ code, folder, stdout: child.stdout(), output: child.output(), seen: shown, otlp, intake, api });
    }
  }

  async #folderOf(code: string): Promise<string> {
    if (/\bnpm (ci|run|test)\b|\bexamples\/|\bdocker compose\b|\botelcol-contrib\b/.test(code)) return CHECKOUT;
    if (!code.includes('npm install signal-otel')) return PROJECT;
    await this.#startProject(EMPTY_PROJECT);
    return EMPTY_PROJECT;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

const DEADLINE_MILLIS = 120_000;

/** The test's own deadline would not tell what was printed until then. */
async function ended(child: RunningProcess): Promise<Exit> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new Error(`It did not end in ${DEADLINE_MILLIS} ms:\n${child.output()}`));
  const timer = setTimeout(late, DEADLINE_MILLIS);
  try {
    return await Promise.race([child.exited, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Those that the documents name, and what the environment puts in their place. */
const FIXED_PORTS = ['9464', '4320', '8000'] as const;

type Ports = Readonly<Record<(typeof FIXED_PORTS)[number], string>>;

async function freePorts(): Promise<Ports> {
  const [prometheus, live, training] = [await freePort(), await freePort(), await freePort()];
  return { 9464: `${prometheus}`, 4320: `${live}`, 8000: `${training}` };
}

function withPorts(text: string, ports: Ports): string {
  return FIXED_PORTS.reduce((replaced, port) => replaced.replace(new RegExp(`\\b${port}\\b`, 'g'), ports[port]), text);
}

/** Whoever types goes on once a program in the background has said something. */
function withAwaitedJobs(code: string): string {
  return code.replace(/^(.*\S) &$/gm, (_, command: string) =>
    ['said=$(mktemp -u); mkfifo "$said"', `${command} > >(tee -p "$said") 2>&1 &`, 'read -r _ < "$said"'].join('\n'),
  );
}

/** The demo stays on this machine, and Datadog without a Collector is what it says. */
function goesToCollector(code: string): boolean {
  return !/\bdemo\b|DATADOG_ENABLED|^curl /.test(code);
}
