import { parseArgs } from 'node:util';
import { oneLine } from '../otel/text.ts';
import { VERSION } from '../otel/version.ts';
import { CLEAR_LINE } from './control-sequences.ts';
import { type Finding, failed, type Section, skipped } from './doctor/finding.ts';
import { examineInstallation } from './doctor/installation.ts';
import { hasFailed, toJson, toText } from './doctor/report.ts';
import type { Hide } from './secrets.ts';

const HELP = `signal-otel doctor [--json]: finds out why metrics do not arrive, and says what to do

  --json    for programs: a list of objects with check, verdict (ok, warning, failed, skipped), found and next;
            of the series with a table, too: metric, series, attribute, values, custom_metrics
  --help    this text

It looks at
  Installation       Node's version, and copies of @opentelemetry/api in this folder that do not see each other
  Variables          which are bad or misspelt, and where the data goes
  Datadog keys       whether Datadog takes them, where they are set
  Delivery           sends one metric, signal.test.metric, as your application would: was it taken?
  Prometheus         with OTEL_METRICS_EXPORTER=prometheus: what a running application shows, and has dropped
  Series             how many that application has, of which metrics, which attribute has the most values, how near
                     they are to SIGNAL_MAX_SERIES, and about how many custom metrics they are at Datadog
  Clock              this machine's against the servers': points of the future or of the past are not taken
  Names at Datadog   which signal.* metrics arrived in the last hour, and which have another prefix
  Spool              with SIGNAL_SPOOL_DIR: can it be written to, and what waits there. Nothing of it is touched

It sends no event, changes nothing at Datadog, and takes 15 s at most. Start it in the folder and with the environment
of your application:
  npx signal-otel doctor
  node --env-file=.env node_modules/signal-otel/dist/cli/main.js doctor

It ends with 1 where something failed, else with 0. Keys, headers and the queries of URLs are never shown.
`;

const MAX_REASON_LENGTH = 300;

/** `signal-otel doctor`: what can be wrong where metrics do not arrive, looked at one by one. */
export async function doctorCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { findings, hasApi } = examineInstallation(process.cwd());
  const { sections, hide } = hasApi ? await examineTheRest() : unexamined(skipped('needs @opentelemetry/api'));
  const all: Section[] = [{ title: 'Installation', findings }, ...sections];
  const text = values.json ? toJson(all, hide) : `signal-otel ${VERSION} doctor\n\n${toText(all, hide)}`;
  await new Promise((resolve) => process.stdout.write(`${text}\n`, resolve));
  const code = hasFailed(all) ? 1 : 0;
  // The system may still look for a host's name, which nothing but the end of the process ends.
  process.exit(code);
}

interface Examination {
  readonly sections: readonly Section[];
  readonly hide: Hide;
}

function unexamined(finding: Finding): Examination {
  // Nothing of the environment has been read.
  return { sections: [{ title: 'Everything else', findings: [finding] }], hide: (text) => text };
}

async function examineTheRest(): Promise<Examination> {
  let loaded: typeof import('./doctor/examination.ts');
  try {
    loaded = await import('./doctor/examination.ts');
  } catch (error) {
    // Of another version of the API, names are missing; of a broken installation, files are.
    const reason = error instanceof Error ? oneLine(error.message, MAX_REASON_LENGTH) : 'no reason given';
    return unexamined(failed(`the package cannot be loaded: ${reason}`, 'npm install signal-otel, and see above'));
  }
  const isSeen = process.stderr.isTTY;
  const examination = await loaded.examine(process.env, (waitingFor) => {
    if (isSeen) process.stderr.write(`${CLEAR_LINE}waiting for: ${waitingFor.join(', ')}`);
  });
  if (isSeen) process.stderr.write(CLEAR_LINE);
  return examination;
}
