import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { asList, asRecord, asString } from './shape.ts';

export interface Service {
  readonly name: string;
  readonly image: string;
  readonly profiles: readonly string[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  /** Published ones, with the variables' defaults put in. */
  readonly ports: readonly string[];
  readonly volumes: readonly { readonly source: string; readonly target: string; readonly mode: string | undefined }[];
  /** The words of what asks whether it is well. */
  readonly healthcheck: readonly string[] | undefined;
  readonly dependsOn: Readonly<Record<string, unknown>>;
}

const file = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));

/** The services of docker-compose.yml and the names of its volumes. */
export function readCompose(): { readonly services: readonly Service[]; readonly volumes: readonly string[] } {
  const { services, volumes } = asRecord(parse(readFileSync(file, 'utf8'), { merge: true }), file);
  return {
    services: Object.entries(asRecord(services, 'services')).map(([name, service]) => readService(name, service)),
    volumes: Object.keys(asRecord(volumes, 'volumes')),
  };
}

function readService(name: string, value: unknown): Service {
  const service = asRecord(value, name);
  const texts = (key: string) => asList(service[key] ?? [], `${name}: ${key}`).map((item) => asString(item, key));
  const { healthcheck, depends_on } = service;
  return {
    name,
    image: asString(service.image, `${name}: image`),
    profiles: texts('profiles'),
    command: texts('command'),
    environment: texts('environment'),
    ports: texts('ports').map((port) => port.replaceAll(/\$\{\w+:-(\w*)\}/g, '$1')),
    volumes: texts('volumes').map((volume) => {
      const [source = '', target = '', mode] = volume.split(':');
      return { source, target, mode };
    }),
    healthcheck:
      healthcheck === undefined
        ? undefined
        : asList(asRecord(healthcheck, 'healthcheck').test, 'test').map((word) => asString(word, 'a word')),
    dependsOn: depends_on === undefined ? {} : asRecord(depends_on, `${name}: depends_on`),
  };
}
