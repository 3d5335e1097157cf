import type { Connection } from '../dashboards/datadog-account.ts';
import { datadogUrls, type Environment } from '../runtime/config.ts';
import { settings } from '../runtime/settings.ts';
import { type Reading, readSettings } from '../runtime/settings-reader.ts';

/** Something that the user can put right, in words for them. */
export class Complaint extends Error {}

/** The variables that hold a key, by what it is. */
const keyVariables = {
  apiKey: settings.datadogApiKey.variables,
  appKey: settings.datadogAppKey.variables,
} as const;

/**
 * Which account the environment means.
 * @throws Complaint where a key is missing, or a value is bad: nothing is sent to where the user did not mean.
 */
export function readConnection(environment: Environment): Connection {
  const { config, readings } = readSettings(environment);
  for (const setting of ['datadogApiKey', 'datadogAppKey', 'datadogSite', 'datadogApiUrl'] as const) {
    const reading = readingOf(settings[setting].variables, readings);
    if (reading?.problem !== undefined) throw new Complaint(`${reading.from} ${reading.problem}`);
  }
  const { datadogApiKey: apiKey, datadogAppKey: appKey } = config;
  const organization = 'Datadog has it under Organization Settings';
  if (apiKey === undefined) {
    throw new Complaint(`set ${keyVariables.apiKey.join(' or ')} to an API key; ${organization}, API Keys.`);
  }
  if (appKey === undefined) {
    throw new Complaint(
      `set ${keyVariables.appKey.join(' or ')} to an application key; ${organization}, Application Keys.`,
    );
  }
  const { apiUrl: url } = datadogUrls(config);
  const { username, password } = new URL(url);
  if (username !== '' || password !== '') {
    throw new Complaint(`${settings.datadogApiUrl.variables[0]} takes a URL without a user and a password.`);
  }
  return { apiKey, appKey, url };
}

function readingOf(variables: readonly string[], readings: readonly Reading[]): Reading | undefined {
  return readings.find(({ variable }) => variable === variables[0]);
}
