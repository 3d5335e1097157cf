import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Connection, DatadogAccount } from '../dashboards/datadog-account.ts';
import { type DatadogClient, datadogFiles } from '../dashboards/datadog-json.ts';
import { type Change, planChanges } from '../dashboards/datadog-plan.ts';
import { describeDifference } from '../dashboards/difference.ts';
import { counted } from '../otel/text.ts';
import { Complaint, readConnection } from './datadog-connection.ts';
import { explain } from './datadog-failure.ts';
import { Output } from './output.ts';
import { hiding } from './secrets.ts';

const HELP = `signal-otel datadog: dashboard, monitors, metric descriptions and percentiles for Signal, as code

  signal-otel datadog apply [--dry-run] [--notify HANDLE]
      brings a Datadog account to what this version of the package makes: one dashboard, a monitor for each
      health rule, description and unit of each metric, p50 and p99 of durations. It shows what differs, then
      writes it; a second time there is nothing to do. What else the account has, it leaves alone.

  signal-otel datadog export [FOLDER]
      writes the same as JSON of Datadog's API into a folder (dashboards/), without an account: the dashboard
      and each monitor can be imported in Datadog as they are.

  --dry-run          show what differs and write nothing
  --notify HANDLE    whom the monitors notify, such as @slack-ml; may be given several times
  --help             this text

The account is set by variables:
  DATADOG_API_KEY    an API key
  DATADOG_APP_KEY    an application key with dashboards_read, dashboards_write, monitors_read, monitors_write,
                     metrics_read, metrics_metadata_write and metric_tags_write
  DD_SITE            its site, such as datadoghq.eu; datadoghq.com where nothing is set

Datadog's client has to be there: npm install @datadog/datadog-api-client

It ends with 0 when all is as it should be, 1 when something failed, 2 when it is called in a wrong way.
`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

class UsageError extends Error {}

const options = {
  'dry-run': { type: 'boolean' },
  notify: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `signal-otel datadog`: what the package has for an account of Datadog's. */
export async function datadogCommand(args: string[]): Promise<number> {
  const output = new Output(hiding(process.env));
  let host: string | undefined;
  try {
    const { values, positionals } = parse(args);
    const [command, folder] = positionals;
    if (values.help) output.print(HELP);
    else if (command === 'export') writeFiles(await loadClient(), folder ?? 'dashboards', output);
    else {
      const connection = readConnection(process.env);
      ({ host } = new URL(connection.url));
      await apply(await loadClient(), connection, { handles: values.notify ?? [], isDry: values['dry-run'] }, output);
    }
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    output.error(`signal-otel datadog: ${explain(error, host)}${isUsage ? ' See signal-otel datadog --help.' : ''}`);
    return isUsage ? EXIT_USAGE : EXIT_FAILED;
  }
}

function parse(args: string[]) {
  const parsed = parseStrictly(args);
  const { values, positionals } = parsed;
  const [command, ...rest] = positionals;
  if (values.help) return parsed;
  if (command !== 'apply' && command !== 'export') {
    throw new UsageError(
      `${command === undefined ? 'what to do?' : `there is no ${JSON.stringify(command)}.`} apply or export.`,
    );
  }
  if (rest.length > (command === 'export' ? 1 : 0)) throw new UsageError(`${command} takes no ${rest.at(-1)}.`);
  if (command === 'export' && (values['dry-run'] || values.notify)) throw new UsageError('export takes no options.');
  const bad = values.notify?.find((handle) => !/^@[^\s{}]+$/.test(handle));
  if (bad !== undefined) throw new UsageError(`--notify takes a handle such as @slack-ml, not ${JSON.stringify(bad)}.`);
  return parsed;
}

function parseStrictly(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}.`);
  }
}

const CLIENT = '@datadog/datadog-api-client';

/** An optional peer: who has no Datadog needs none of its 133 MB. */
async function loadClient(): Promise<DatadogClient> {
  try {
    return await import('@datadog/datadog-api-client');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (!isMissing) throw error;
    throw new Complaint(`Datadog's client is not installed here: npm install ${CLIENT}`);
  }
}

function writeFiles(datadog: DatadogClient, folder: string, output: Output): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(datadogFiles(datadog))) {
    const file = join(folder, name);
    writeFileSync(file, text);
    output.print(`wrote ${file}`);
  }
}

interface ApplyOptions {
  readonly handles: readonly string[];
  readonly isDry: boolean | undefined;
}

async function apply(datadog: DatadogClient, connection: Connection, choice: ApplyOptions, output: Output) {
  const onRetry = (status: number) => output.progress(`Datadog answers ${status}: asking again ...`);
  const { changes, notes } = await planChanges({
    datadog,
    account: new DatadogAccount(datadog, connection, onRetry),
    handles: choice.handles,
    onProgress: (task) => output.progress(`Looking at ${task} ...`),
  });
  for (const change of changes) show(change, output);
  for (const note of notes) output.print(note, 'yellow');
  if (changes.length === 0) output.print('Nothing to do: the account has it all.', 'green');
  else if (choice.isDry) output.print(`A dry run: ${counted(changes.length, 'change')} to make, and none was written.`);
  else await write(changes, output);
}

function show({ subject, differences }: Change, output: Output): void {
  if (differences.length === 0) output.print(`+ ${subject}`, 'green');
  else
    output.print([`~ ${subject}`, ...differences.flatMap(describeDifference).map((line) => `    ${line}`)].join('\n'));
}

async function write(changes: readonly Change[], output: Output): Promise<void> {
  for (const [written, change] of changes.entries()) {
    output.progress(`Writing ${written + 1} of ${changes.length}, ${change.subject} ...`);
    try {
      await change.write();
    } catch (error) {
      output.error(`Written before this: ${written} of ${changes.length}. The next apply goes on with the rest.`);
      throw error;
    }
  }
  output.print(`Done: ${counted(changes.length, 'change')} written.`, 'green');
}
