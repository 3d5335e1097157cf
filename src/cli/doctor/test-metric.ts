import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { SignalStatus } from '../../delivery/status.ts';
import { LOG_NAMESPACE } from '../../otel/diagnostics.ts';
import { redact } from '../../otel/redact.ts';
import { counted } from '../../otel/text.ts';
import { SignalMetrics } from '../../run/custom-metrics.ts';
import { asksForNodeSdk, type Environment, isDirect, isSet } from '../../runtime/config.ts';
import { getPipelineStatus, startIn } from '../../runtime/start.ts';
import type { Answer } from './ask.ts';
import { dropReasons, isDropReason } from './drop-reasons.ts';
import { adviceFor, type Target } from './failures.ts';
import { type Finding, failed, ok, skipped, warning } from './finding.ts';
import { receiverOf } from './receiver.ts';
import type { Settled } from './variables.ts';

export const TEST_METRIC = 'signal.test.metric';

/** A Collector answers once its backend has: longer than an application waits at its end. */
const TIMEOUT_MILLIS = 9_000;
/** Of someone who has not answered to a plain request either. */
const SHORT_TIMEOUT_MILLIS = 2_000;

const MAX_MESSAGE_LENGTH = 500;

/**
 * What the settings of the test's pipeline are besides the user's. It must not touch the spool: what waits there would be
 * sent with settings that may be wrong, and a receiver that refuses it would have it lost.
 */
const overrides: Environment = {
  SIGNAL_SPOOL_DIR: undefined,
  SIGNAL_LIVE: undefined,
  SIGNAL_GPU_INTERVAL: '0',
  SIGNAL_INSTRUMENTATION: 'false',
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
};

/**
 * Sends a metric as an application does, and tells whether the receiver took it.
 * @param receiver whether it answers at all; waited for where there is something to send.
 */
export async function examineDelivery(
  { config, environment }: Settled,
  receiver: Promise<Answer | undefined>,
): Promise<Finding[]> {
  if (config.disabled) return [skipped('OTEL_SDK_DISABLED is true')];
  if (isSet('OTEL_CONFIG_FILE', environment)) {
    return [skipped('OTEL_CONFIG_FILE says where metrics go: run an application with OTEL_LOG_LEVEL=debug to see')];
  }
  if (!config.metricsExporters.includes('otlp')) return [skipped('metrics do not go by OTLP: nothing is sent')];
  const url = receiverOf('metrics', config, environment);
  const own = 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT';
  const variable = isSet(own, environment) ? own : 'OTEL_EXPORTER_OTLP_ENDPOINT';
  if (url === undefined) return [failed('metrics go to no URL: nothing can be sent', `set ${variable}`)];
  const isDatadog = isDirect(config, environment);
  const target = { url, isDatadog, variable: isDatadog ? 'DD_SITE' : variable };

  // What speaks gRPC, which is sdk-node's part, answers to no plain request.
  const isPatient = asksForNodeSdk(environment) !== undefined || (await receiver)?.kind === 'answer';
  const timeoutMillis = isPatient ? TIMEOUT_MILLIS : SHORT_TIMEOUT_MILLIS;
  const messages = hearMessages();
  const startedMillis = performance.now();
  const telemetry = startIn({ ...environment, ...overrides, SIGNAL_SHUTDOWN_TIMEOUT: String(timeoutMillis) });
  new SignalMetrics().gauge(TEST_METRIC, 1);
  // It flushes, and what is left is given up: the end of this process has nothing to wait for.
  await telemetry.shutdown();
  const { state, signals } = getPipelineStatus();
  const tookMillis = Math.round(performance.now() - startedMillis);
  if (state === 'off') return [judgeNodeSdk(messages, target)];
  return judge(signals.metrics, { target, messages, tookMillis });
}

interface Attempt {
  readonly target: Target;
  readonly messages: readonly string[];
  readonly tookMillis: number;
}

function judge(status: SignalStatus | undefined, { target, messages, tookMillis }: Attempt): Finding[] {
  const { exportedPoints = 0, droppedPoints = {}, failure } = status ?? {};
  // What was not sent in time an application would have kept, and sent later.
  const drops = Object.entries(droppedPoints).flatMap(([reason, points]) => {
    if (!isDropReason(reason) || reason === 'not_sent') return [];
    return [
      {
        ...dropReasons[reason],
        text: `${counted(points, 'point')} dropped (${reason}): ${dropReasons[reason].meaning}`,
      },
    ];
  });
  if (failure !== undefined) {
    const lost =
      drops.length > 0 ? drops.map(({ text }) => text).join('; ') : 'an application keeps the points, and tries again';
    return [failed(`${target.url} does not take ${TEST_METRIC}: ${failure}; ${lost}`, adviceFor(failure, target))];
  }
  if (drops.length > 0) return drops.map(({ text, next }) => failed(`${target.url}: ${text}`, next));
  if (exportedPoints === 0) {
    const reason = messages.at(-1) ?? 'the pipeline does not say why';
    return [failed(`${TEST_METRIC} was not sent: ${reason}`, adviceFor(reason, target))];
  }
  const doubt = messages.find((message) => message.includes('but not as an OTLP receiver does'));
  if (doubt !== undefined) return [warning(doubt, `is that an OTLP receiver? ${target.variable} names it`)];
  return [ok(`${TEST_METRIC} = 1 was sent, and ${target.url} has taken it (${tookMillis} ms)`)];
}

/** What sdk-node delivers it tells nobody; what it cannot deliver is an error in the log. */
function judgeNodeSdk(messages: readonly string[], target: Target): Finding {
  const [message] = messages.flatMap((text) => FROM_NODE_SDK.exec(text)?.[1] ?? []);
  if (message === undefined)
    return ok(`${TEST_METRIC} = 1 was sent by @opentelemetry/sdk-node, which tells of no error`);
  return failed(`@opentelemetry/sdk-node does not deliver ${TEST_METRIC}: ${message}`, adviceFor(message, target));
}

/** Others are about variables. */
const FROM_NODE_SDK = /^(?:@opentelemetry\/sdk-node: |(?=shutdown ))(.*)/s;

/** Has the pipeline tell its warnings to this command, which says the same with what to do, and not to stderr. */
function hearMessages(): readonly string[] {
  const heard: string[] = [];
  const hear = (...parts: unknown[]) => {
    const [namespace, ...rest] = parts;
    const text = (namespace === LOG_NAMESPACE ? rest : parts).map(String).join(' ');
    heard.push(redact(text, MAX_MESSAGE_LENGTH));
  };
  diag.setLogger({ error: hear, warn: hear, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);
  return heard;
}
