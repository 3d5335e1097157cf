import { DatadogRefusal } from '../dashboards/datadog-account.ts';
import { oneLine } from '../otel/text.ts';
import { Complaint } from './datadog-connection.ts';

const MAX_MESSAGE = 600;

/** What has failed and what to do, in words for the user. */
export function explain(error: unknown, host: string | undefined): string {
  if (error instanceof Complaint) return error.message;
  if (error instanceof DatadogRefusal) return oneLine(explainRefusal(error, host), MAX_MESSAGE);
  const { message, cause, name } = error instanceof Error ? error : new Error(String(error));
  if (host !== undefined && (name === 'TimeoutError' || (cause !== undefined && message === 'fetch failed'))) {
    return oneLine(`cannot reach ${host}: ${reasonOf(cause) ?? message}`, MAX_MESSAGE);
  }
  return oneLine(message, MAX_MESSAGE);
}

function explainRefusal({ status, permission, message }: DatadogRefusal, host: string | undefined): string {
  if (status === 429) return `${message}. Its rate limit is used up: wait a minute, then start this again.`;
  if (status !== 401 && status !== 403) return message;
  if (permission === undefined) {
    return `${message}. The API key (DATADOG_API_KEY) is none of ${host}: check the key, and the site (DD_SITE).`;
  }
  return (
    `${message}. The API key is good. The application key (DATADOG_APP_KEY) is none of ${host}, or it lacks ` +
    `${permission}: give the key this scope, and its owner a role with this permission.`
  );
}

/** The code of a network's error, such as ECONNREFUSED, else what it says. */
function reasonOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
