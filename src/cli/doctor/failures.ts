/** What has to be known of the receiver to say what to do. */
export interface Target {
  /** Without secrets. */
  readonly url: string;
  readonly isDatadog: boolean;
  /** The variable that names it, or would. */
  readonly variable: string;
}

type Advice = string | ((target: Target) => string);

const ports = "OTLP by HTTP is at port 4318 of a Collector; 4317 is gRPC's";

/** Reasons as the delivery tells them, and what to do; the first that fits counts. */
const advice: readonly (readonly [RegExp, Advice])[] = [
  [
    /ECONNREFUSED/,
    ({ variable, isDatadog }) =>
      isDatadog
        ? "does DATADOG_OTLP_ENDPOINT name Datadog's OTLP intake, or a proxy that runs?"
        : 'no Collector listens there: start one (otelcol-contrib --config otel-collector-config.yaml, or docker ' +
          `compose up), or set ${variable} to where one is`,
  ],
  [/ENOTFOUND|EAI_AGAIN/, ({ variable }) => `nobody knows that host: is ${variable} right, does DNS work here?`],
  [
    /answers 40[13]/,
    ({ isDatadog }) =>
      isDatadog
        ? 'are DATADOG_API_KEY and DD_SITE right? A key is known on its own site only'
        : 'OTEL_EXPORTER_OTLP_HEADERS has to carry the key that this receiver takes (api-key=...)',
  ],
  [
    /answers 40[45]/,
    ({ variable }) =>
      variable === 'OTEL_EXPORTER_OTLP_ENDPOINT'
        ? `${variable} takes the address without /v1/metrics, which is added; ${ports}`
        : `${variable} takes the whole address, /v1/metrics included; ${ports}`,
  ],
  [
    /web page/,
    ({ variable }) => `that is no OTLP receiver: a web server, or a network that asks to sign in. ${variable}?`,
  ],
  [/answers 429/, 'the receiver limits how much it takes: look at its quota'],
  [
    /answers 5/,
    'the receiver is there, but cannot take it: its log says why. A Collector says 503 while its backend is away',
  ],
  [/answers 4/, 'is it an OTLP receiver? Its log says why it refuses'],
  [
    /does not speak HTTP|ECONNRESET|EPIPE/,
    `${ports}: change the port, or set OTEL_EXPORTER_OTLP_PROTOCOL=grpc (with @opentelemetry/sdk-node installed)`,
  ],
  [/EPROTO|SSL|WRONG_VERSION/, ({ variable }) => `https or http? ${variable} begins with the other one, most likely`],
  [/ERR_INVALID_CHAR/, 'OTEL_EXPORTER_OTLP_HEADERS has a character in a value that no header takes'],
  [/CERT|SELF_SIGNED|UNABLE_TO/, 'set OTEL_EXPORTER_OTLP_CERTIFICATE to the PEM file of the authority to trust'],
  [/in time|TIMEDOUT|UNREACH/, 'is there a firewall between, or a proxy to be used? Is the receiver overloaded?'],
];

export function adviceFor(reason: string, target: Target): string {
  const [, found] = advice.find(([pattern]) => pattern.test(reason)) ?? [];
  if (found === undefined) return `is ${target.variable} right? OTEL_LOG_LEVEL=debug tells more in an application`;
  return typeof found === 'string' ? found : found(target);
}
