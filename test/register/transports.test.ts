import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type NodeResult, startProcess } from '../support/child.ts';
import { node22, root } from '../support/driver.ts';
import { type OtlpServer, startOtlpServer } from '../support/otlp-server.ts';
import { decodeOtlpMetrics, decodeOtlpSpans } from '../support/otlp-wire.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { selfSigned } from '../support/tls.ts';
import { type Framing, framings, type ScriptedAnswer, startSignalDouble } from './signal-double.ts';

const callersTraceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const requestBody = JSON.stringify({ batch_data: [{ text: 'ä' }, { text: '€' }], loss_fn: 'causal_lm' });

/** Clients that hand out the bytes as they came: of the others the caller gets what was compressed. */
const rawClients = /^(?:undici \d (?:request|stream)|https? )/;

interface Call {
  readonly runId: string;
  readonly path: string;
  readonly answer: ScriptedAnswer;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is known of a run's one call, at the receiver of the telemetry. */
interface Telemetry {
  readonly losses: readonly number[];
  readonly durations: number;
  /** As `traceparent` has them. */
  readonly spans: readonly string[];
  readonly described: readonly unknown[];
}

/** One for each framing, and one of a caller that has a `traceparent` of its own. */
const calls = [...framings, undefined].map((framing, index) => callOf(index, framing));

function callOf(index: number, framing: Framing | undefined): Call {
  const runId = `run_${String(index).padStart(16, '0')}`;
  // Some of them larger than what is parsed at once.
  const text = 'ä€😀'.repeat(index % 2 === 0 ? 5_000 : 50);
  return {
    runId,
    path: `/runs/${runId}/forward_backward`,
    answer: { framing: framing ?? 'identity', body: { text, loss: lossOf(index), step: index } },
    headers: {
      'content-type': 'application/json',
      ...(framing === undefined && { traceparent: callersTraceparent }),
    },
  };
}

function lossOf(index: number): number {
  return index + 0.125;
}

async function run(node: string, app: readonly string[], env: Readonly<Record<string, string>>): Promise<NodeResult> {
  const args = ['--require', 'signal-otel/register', `test/register/apps/transports/${app[0]}`, ...app.slice(1)];
  await using child = await startProcess(node, args, { cwd: root, env });
  const exit = await child.exited;
  return { ...exit, stdout: child.stdout(), stderr: child.stderr() };
}

function telemetryOf({ requests }: OtlpServer, runId: string): Telemetry {
  const bodies = (wanted: string) => requests.filter(({ path }) => path === wanted).map(({ body }) => body);
  const metrics = bodies('/v1/metrics').map((body) => decodeOtlpMetrics(body));
  const ofRun = ({ tags }: { readonly tags: readonly string[] }) => tags.includes(`run_id:${runId}`);
  const pointsOf = <T>(
    all: readonly { metric: string; tags: readonly string[]; points: readonly T[] }[],
    name: string,
  ) => all.filter((each) => each.metric === name && ofRun(each)).flatMap(({ points }) => points);
  const series = metrics.flatMap((each) => each.series);
  const sketches = metrics.flatMap((each) => each.sketches);
  const spans = bodies('/v1/traces')
    .flatMap(decodeOtlpSpans)
    .filter(({ name, meta }) => name === 'signal.forward_backward' && meta.run_id === runId);
  return {
    losses: pointsOf(series, 'signal.training.loss').map(({ value }) => value),
    durations: pointsOf(sketches, 'signal.performance.forward_backward_duration_ms').reduce(
      (sum, { count }) => sum + count,
      0,
    ),
    spans: spans.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    described: spans.map(({ meta }) => [
      meta['http.response.status_code'],
      meta.loss_fn,
      meta.batch_size,
      meta.step,
      meta['error.msg'],
    ]),
  };
}

/** What the caller is to get. */
function bytesFor(client: string, { body, framing }: ScriptedAnswer): Buffer {
  const isAsync = client.endsWith(' get');
  const bytes = Buffer.from(JSON.stringify(isAsync ? { status: 'completed', result: body } : body));
  return framing === 'gzip' && rawClients.test(client) ? gzipSync(bytes) : bytes;
}

const undiciClients = ['6', '7', '8'].flatMap((version) =>
  ['request', 'fetch', 'stream'].map((how) => `undici ${version} ${how}`),
);
const nodeClients = ['http request', 'http get', 'https request', 'https get'];

describe.each([
  ...['fetch', ...undiciClients, 'axios http', 'axios fetch', ...nodeClients].map((client) => ({
    client,
    version: 'Node',
    node: process.execPath,
  })),
  ...['fetch', ...nodeClients].map((client) => ({ client, version: 'Node 22', node: node22 })),
])('$client on $version', ({ client, node }) => {
  it('is seen and feels nothing of it, however the body comes', async () => {
    using folder = new TemporaryFolder();
    const certificate = join(folder.path, 'certificate.pem');
    writeFileSync(certificate, selfSigned.cert);
    const answers = new Map(calls.map(({ path, answer }) => [path, answer]));
    await using signal = await startSignalDouble(answers, { isSecure: client.startsWith('https') });
    await using otlp = await startOtlpServer();
    const toMake = calls.map(({ path, headers, answer }) => {
      return { url: signal.url + path, headers, body: requestBody, isStreamed: answer.framing === 'slow' };
    });
    const result = await run(node, ['calls.mjs', client, JSON.stringify(toMake), signal.ackUrl], {
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      NODE_EXTRA_CA_CERTS: certificate,
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });

    const received: string[] = JSON.parse(result.stdout);
    const expected = calls.map(({ answer }) => bytesFor(client, answer).toString('base64'));
    for (const [index, bytes] of received.entries()) expect(bytes).toBe(expected[index]);
    expect(received).toHaveLength(expected.length);
    expect(signal.posted.map(({ body }) => body.toString())).toEqual(calls.map(() => requestBody));
    for (const [index, { runId, answer }] of calls.entries()) {
      const { losses, durations, spans, described } = telemetryOf(otlp, runId);
      expect({ framing: answer.framing, losses, durations, described }).toEqual({
        framing: answer.framing,
        losses: [lossOf(index)],
        durations: 1,
        described: [['200', 'causal_lm', '2', String(index), '']],
      });
      expect(spans).toHaveLength(1);
      expect(signal.posted[index]?.traceparents).toEqual(spans);
    }
  });
});

describe('calls that are made elsewhere', () => {
  it.each(['thread', 'cluster'])('of one run report with the same run_id (%s)', async (kind) => {
    const runId = 'run_00000000000000ff';
    const body = { loss: 0.5, step: 1 };
    const answers = new Map<string, ScriptedAnswer>([
      ['/runs', { framing: 'identity', body: { run_id: runId, user_id: 'user_1', base_model: 'model' } }],
      [`/runs/${runId}/forward_backward`, { framing: 'identity', body }],
    ]);
    await using signal = await startSignalDouble(answers);
    await using otlp = await startOtlpServer();
    const result = await run(process.execPath, ['elsewhere.mjs', kind, signal.url], {
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    });
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const { losses, durations, spans } = telemetryOf(otlp, runId);
    expect({ losses, durations }).toEqual({ losses: [0.5, 0.5], durations: 2 });
    const [, ...ofCalls] = signal.posted.map(({ traceparents }) => traceparents);
    expect(ofCalls.map((traceparents) => traceparents.length)).toEqual([1, 1]);
    expect(spans.toSorted()).toEqual(ofCalls.flat().sort());
  });
});
