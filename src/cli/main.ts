#!/usr/bin/env node
import { VERSION } from '../otel/version.ts';
import { catalogueCommand } from './catalogue.ts';

const HELP = `signal-otel ${VERSION}: metrics of Signal training runs through OpenTelemetry

Usage
  signal-otel demo [options]                    see it work: a training run on this machine, with a page of its curves
  node --require signal-otel/register app.js    start an application with its telemetry on
  signal-otel live app.js                       the same, with its runs on a page in the browser
  signal-otel catalogue [--json]                list the metrics: name, kind, unit, typical range, meaning
  signal-otel config [--json]                   show the settings of this environment, and which are bad
  signal-otel dashboards [FOLDER]               dashboards and alerts for Grafana, Prometheus and Datadog, as files
  signal-otel datadog apply | export            dashboard, monitors and metric settings for Datadog
  signal-otel doctor [--json]                   find out why metrics do not arrive, and what to do
  signal-otel --help | --version

Where the telemetry goes is set by the standard variables, for example
  OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318    the OpenTelemetry Collector (default)
  OTEL_METRICS_EXPORTER=prometheus                     an endpoint at http://127.0.0.1:9464/metrics
  SIGNAL_LIVE=1                                        a page with the runs of the process, on this machine alone
`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      console.log(HELP);
      return command === undefined ? EXIT_USAGE : 0;
    case '--version':
    case '-v':
      console.log(VERSION);
      return 0;
    case 'catalogue':
      return catalogueCommand(rest);
    case 'config':
      return (await import('./config.ts')).configCommand(rest);
    case 'dashboards':
      return (await import('./dashboards.ts')).dashboardsCommand(rest);
    case 'datadog':
      return (await import('./datadog.ts')).datadogCommand(rest);
    case 'demo':
      return (await import('./demo.ts')).demoCommand(rest);
    case 'live':
      return (await import('./live.ts')).liveCommand(rest);
    // The doctor has to start, and says so, where @opentelemetry/api is missing. No command above may need it to load.
    case 'doctor':
      return (await import('./doctor.ts')).doctorCommand(rest);
    default:
      console.error(
        `signal-otel: there is no command ${JSON.stringify(command)}. Commands: demo, live, catalogue, config, dashboards, datadog, doctor, --help`,
      );
      return EXIT_USAGE;
  }
}

const args = process.argv.slice(2);
try {
  process.exitCode = await main(args);
} catch (error) {
  const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
  const next = isUsage ? ` See signal-otel ${args[0]} --help.` : '';
  console.error(`signal-otel: ${error instanceof Error ? error.message.replace(/\.?$/, '.') : error}${next}`);
  process.exitCode = isUsage ? EXIT_USAGE : EXIT_FAILED;
}
