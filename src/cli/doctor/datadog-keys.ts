import type { DatadogAccount } from '../../delivery/datadog.ts';
import { withoutSecrets } from '../../delivery/url.ts';
import { type Config, datadogAccount } from '../../runtime/config.ts';
import type { Answer, Asker } from './ask.ts';
import { type Finding, failed, ok, skipped, warning } from './finding.ts';

/** Who answers to questions to Datadog's API. */
export const DATADOG = "Datadog's API";

export interface Keys {
  readonly findings: readonly Finding[];
  /** What to ask Datadog with; `undefined` where the API key or the application key is none that it takes. */
  readonly account: ReadingAccount | undefined;
}

/** An account of which something can be read. */
export interface ReadingAccount extends DatadogAccount {
  readonly appKey: string;
}

/** The keys, as Datadog judges them. */
export async function examineKeys(config: Config, asker: Asker): Promise<Keys> {
  const account = datadogAccount(config);
  const { datadogAppKey: appKey } = config;
  if (account === undefined) return { findings: [withoutAccount(config)], account };
  const [validity, dashboards] = await Promise.all([
    asker.ask(apiQuestion(account, '/api/v1/validate')),
    appKey === undefined ? undefined : asker.ask(apiQuestion({ ...account, appKey }, '/api/v1/dashboard?count=1')),
  ]);
  const where = withoutSecrets(account.apiUrl) ?? 'DATADOG_HOST';
  const apiKey = judgeApiKey(validity, where);
  if (dashboards === undefined || appKey === undefined) {
    const why = 'no application key: DATADOG_APP_KEY is only needed for `signal-otel datadog` and the names at Datadog';
    return { findings: [apiKey, skipped(why)], account: undefined };
  }
  // An application key is good together with an API key only.
  const application =
    apiKey.verdict === 'ok' ? judgeAppKey(dashboards, where) : skipped('the application key: the API key comes first');
  const isGood = apiKey.verdict === 'ok' && application.verdict === 'ok';
  return { findings: [apiKey, application], account: isGood ? { ...account, appKey } : undefined };
}

/** @param path with its query. */
export function apiQuestion({ apiUrl, apiKey, appKey }: DatadogAccount & { readonly appKey?: string }, path: string) {
  const headers = { 'DD-API-KEY': apiKey, ...(appKey !== undefined && { 'DD-APPLICATION-KEY': appKey }) };
  return { who: DATADOG, url: `${apiUrl}${path}`, headers };
}

/** Where Datadog has not answered as it does to a good key: what that means, whatever was asked. */
export function otherAnswer(what: string, answer: Answer, where: string): Finding {
  if (answer.kind === 'silence') {
    const next = 'can this machine reach that host? DD_SITE names the site, DATADOG_HOST a proxy';
    return failed(`${what}: ${where} does not answer (${answer.reason})`, next);
  }
  const next = "try again later, and look at https://status.datadoghq.com; is DATADOG_HOST, where set, Datadog's API?";
  return warning(`${what}: ${where} answers ${answer.status}, which tells nothing of it`, next);
}

function withoutAccount({ datadogEnabled, datadogAppKey }: Config): Finding {
  if (datadogEnabled === false) return skipped('DATADOG_ENABLED is false: the keys are not used');
  if (datadogAppKey !== undefined) {
    return warning('there is an application key, but no API key', 'set DATADOG_API_KEY (or DD_API_KEY)');
  }
  return skipped('none is set here; where a Collector sends to Datadog, it has the key');
}

function judgeApiKey(answer: Answer, where: string): Finding {
  if (answer.kind === 'answer' && isRefusal(answer.status)) {
    const next = 'put DATADOG_API_KEY (or DD_API_KEY) right, or DD_SITE: a key is known on its own site only';
    return failed(`the API key is wrong, or of another site than ${where} (it answers ${answer.status})`, next);
  }
  if (answer.kind === 'answer' && answer.status === 200 && /"valid"\s*:\s*true/.test(answer.body)) {
    return ok(`the API key is valid at ${where}`);
  }
  return otherAnswer('the API key', answer, where);
}

function judgeAppKey(answer: Answer, where: string): Finding {
  if (answer.kind === 'answer' && isRefusal(answer.status)) {
    const next = 'put DATADOG_APP_KEY (or DD_APP_KEY) right, or give it the scope dashboards_read';
    return failed(`the application key is wrong, or lacks dashboards_read (${where} answers ${answer.status})`, next);
  }
  if (answer.kind === 'answer' && answer.status === 200)
    return ok('the application key is valid, and reads dashboards');
  return otherAnswer('the application key', answer, where);
}

export function isRefusal(status: number): boolean {
  return status === 401 || status === 403;
}
