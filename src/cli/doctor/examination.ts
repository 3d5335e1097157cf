import { oneLine } from '../../otel/text.ts';
import { readSettings } from '../../runtime/settings-reader.ts';
import { type Hide, hiding } from '../secrets.ts';
import { type Answer, Asker } from './ask.ts';
import { examineClock } from './clock.ts';
import { examineKeys } from './datadog-keys.ts';
import { type Finding, type Section, skipped } from './finding.ts';
import { examineNames } from './names.ts';
import { askPrometheus, examinePrometheus, hasEndpoint } from './prometheus.ts';
import { receiverOf } from './receiver.ts';
import { examineSeries } from './series.ts';
import { examineSpool } from './spool.ts';
import { examineDelivery } from './test-metric.ts';
import { examineVariables, type Settled } from './variables.ts';

const MAX_LENGTH = 2_000;

/**
 * Everything that needs the API.
 * @param tell is given what is waited for, whenever that changes.
 */
export async function examine(
  environment: NodeJS.ProcessEnv,
  tell: (waitingFor: readonly string[]) => void,
): Promise<{ readonly sections: readonly Section[]; readonly hide: Hide }> {
  const settled: Settled = { ...readSettings(environment), environment };
  const { config } = settled;
  const hide = hiding(environment);
  const asker = new Asker();
  const waitingFor = new Set<string>();
  const section = async (title: string, work: Promise<readonly Finding[]>): Promise<Section> => {
    waitingFor.add(title);
    tell([...waitingFor]);
    const findings = await work;
    waitingFor.delete(title);
    if (waitingFor.size > 0) tell([...waitingFor]);
    return { title, findings };
  };
  // What waits for others waits all at once.
  const keys = examineKeys(config, asker);
  const page = askPrometheus(config, asker);
  const [datadog, delivery, prometheus, names] = await Promise.all([
    section(
      'Datadog keys',
      keys.then(({ findings }) => findings),
    ),
    section('Delivery', examineDelivery(settled, askReceiver(settled, asker))),
    hasEndpoint(config) ? section('Prometheus', page.then(examinePrometheus)) : undefined,
    section(
      'Names at Datadog',
      keys.then(({ account }) => {
        if (account !== undefined) return examineNames(account, asker, Date.now());
        return [skipped('DATADOG_API_KEY and DATADOG_APP_KEY have to be good to look there')];
      }),
    ),
  ]);
  return {
    hide: (text) => oneLine(hide(text), MAX_LENGTH),
    sections: [
      { title: 'Variables', findings: examineVariables(settled) },
      datadog,
      delivery,
      ...(prometheus === undefined ? [] : [prometheus]),
      { title: 'Series', findings: examineSeries(await page, config) },
      { title: 'Clock', findings: examineClock(asker.clocks) },
      names,
      { title: 'Spool', findings: examineSpool(config.spoolFolder, Date.now()) },
    ],
  };
}

/** Whatever the receiver says to a request that is none of its kind, it says that it is there, and what time it is. */
async function askReceiver({ config, environment }: Settled, asker: Asker): Promise<Answer | undefined> {
  const isSent = config.metricsExporters.includes('otlp') && !config.disabled;
  const url = isSent ? receiverOf('metrics', config, environment) : undefined;
  return url === undefined ? undefined : asker.ask({ who: new URL(url).origin, url });
}
