import { catalogue, NAMESPACE } from '../../catalogue/index.ts';
import { withoutSecrets } from '../../delivery/url.ts';
import { counted } from '../../otel/text.ts';
import type { Asker } from './ask.ts';
import { apiQuestion, isRefusal, otherAnswer, type ReadingAccount } from './datadog-keys.ts';
import { type Finding, ok, warning } from './finding.ts';
import { TEST_METRIC } from './test-metric.ts';

const HOUR_SECONDS = 3_600;
const MAX_SHOWN = 5;

const PREFIX = `${NAMESPACE}.`;

/** Of a name without its prefix. */
const tails = catalogue.flatMap(({ name }) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));

/** Which metrics have arrived at Datadog, and under which names. */
export async function examineNames(account: ReadingAccount, asker: Asker, nowMillis: number): Promise<Finding[]> {
  const from = Math.floor(nowMillis / 1_000) - HOUR_SECONDS;
  const answer = await asker.ask(apiQuestion(account, `/api/v1/metrics?from=${from}`));
  const where = withoutSecrets(account.apiUrl) ?? 'DATADOG_HOST';
  if (answer.kind === 'answer' && isRefusal(answer.status)) {
    const next = 'give DATADOG_APP_KEY the scope metrics_read';
    return [
      warning(`the application key may not read which metrics there are (${where} answers ${answer.status})`, next),
    ];
  }
  const names = answer.kind === 'answer' && answer.status === 200 ? namesIn(answer.body) : undefined;
  return names === undefined ? [otherAnswer('the names of the metrics', answer, where)] : judgeNames(names);
}

export function judgeNames(names: readonly string[]): Finding[] {
  const own = names.filter((name) => name.startsWith(PREFIX) && name !== TEST_METRIC);
  const wrong = names.filter(hasWrongPrefix);
  const findings: Finding[] = [];
  if (own.length > 0) findings.push(ok(`${counted(own.length, 'metric')} of ${PREFIX}* arrived in the last hour`));
  else {
    const besides = names.includes(TEST_METRIC) ? `, ${TEST_METRIC} apart` : '';
    const next = 'run something that trains; then look at the tags and the time range of what you look at';
    findings.push(warning(`no metric of ${PREFIX}* arrived in the last hour${besides}`, next));
  }
  if (wrong.length > 0) {
    const more = wrong.length > MAX_SHOWN ? ` and ${wrong.length - MAX_SHOWN} more` : '';
    const next =
      `dashboards ask for ${PREFIX}*: send by OTLP, and let no Agent or Collector rename (namespace of a Prometheus ` +
      'check, metricstransform); in SignalMetrics, leave namespace out';
    findings.push(warning(`with another prefix than ${PREFIX}: ${wrong.slice(0, MAX_SHOWN).join(', ')}${more}`, next));
  }
  return findings;
}

/** Such as `signal_training_loss`, `myapp.signal.training.loss` and `training.loss`. */
function hasWrongPrefix(name: string): boolean {
  if (name.startsWith(PREFIX)) return false;
  const dotted = name.replaceAll('_', '.').replace(/\.(total|count|sum|bucket)$/, '');
  return tails.some((tail) => {
    const plain = tail.replaceAll('_', '.');
    return dotted === plain || dotted === `${PREFIX}${plain}` || dotted.endsWith(`.${PREFIX}${plain}`);
  });
}

function namesIn(body: string): string[] | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null || !('metrics' in answer)) return undefined;
    if (!Array.isArray(answer.metrics)) return undefined;
    return answer.metrics.filter((name) => typeof name === 'string');
  } catch {
    return undefined;
  }
}
