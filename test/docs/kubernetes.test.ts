import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { asList, asRecord, asString } from '../support/shape.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deploy = join(root, 'deploy');
const read = (file: string) => readFileSync(join(deploy, file), 'utf8');

const kustomization = asRecord(parse(read('kustomization.yaml')), 'kustomization.yaml');
const files = asList(kustomization.resources, 'resources').map((file) => asString(file, 'a resource'));

const objects = files.flatMap((file) =>
  parseAllDocuments(read(file), { merge: true }).map((document) => {
    const object = asRecord(document.toJS(), file);
    const apiVersion = asString(object.apiVersion, 'apiVersion');
    const kind = asString(object.kind, 'kind');
    return { file, object, kind, model: `kubernetes-models/${apiVersion}/${kind}`, title: `${kind} of ${file}` };
  }),
);

/** The file of deploy/ that each generated ConfigMap holds as config.yaml. */
const configMaps = new Map(
  asList(kustomization.configMapGenerator, 'configMapGenerator').map((entry) => {
    const { name, files: contents } = asRecord(entry, 'a ConfigMap');
    const [content, ...others] = asList(contents, 'files').map((file) => asString(file, 'a file'));
    expect(others).toEqual([]);
    const [, file = ''] = /^config\.yaml=(.+)$/.exec(content ?? '') ?? [];
    return [asString(name, 'name'), file];
  }),
);

it('has every manifest of the folder, and ConfigMaps of files that are there', () => {
  expect(files.toSorted()).toEqual(readdirSync(join(deploy, 'kubernetes')).map((file) => `kubernetes/${file}`));
  for (const file of configMaps.values()) expect([file, existsSync(join(deploy, file))]).toEqual([file, true]);
});

it.each(objects)('$title has the values that Kubernetes takes', async ({ model, kind, object }) => {
  const { [kind]: Model } = await import(model);
  new Model(object).validate();
});

it('has no field that Kubernetes does not know', () => {
  using folder = new TemporaryFolder();
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  const checks = objects.map(
    ({ model, kind, object }, index) =>
      `import type { I${kind} as T${index} } from '${model}';\nexport const o${index}: T${index} = ${JSON.stringify(object)};`,
  );
  writeFileSync(join(folder.path, 'objects.mts'), checks.join('\n'));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--pretty',
    'false',
  ];
  const { stdout, status } = spawnSync(process.execPath, [tsc, ...flags, 'objects.mts'], {
    cwd: folder.path,
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, '']);
});

describe.each(objects.filter(({ kind }) => kind === 'DaemonSet' || kind === 'StatefulSet'))('$title', ({ object }) => {
  const spec = asRecord(object.spec, 'spec');
  const template = asRecord(spec.template, 'template');
  const labels = asRecord(asRecord(template.metadata, 'metadata').labels, 'labels');
  const pod = asRecord(template.spec, 'spec');
  const [container] = asList(pod.containers, 'containers').map((each) => asRecord(each, 'a container'));
  const env = asList(container?.env, 'env').map((each) => asRecord(each, 'a variable'));
  const ports = asList(container?.ports, 'ports').map((each) => asRecord(each, 'a port'));
  const configFile = asList(pod.volumes, 'volumes')
    .map((each) => asRecord(each, 'a volume').configMap)
    .flatMap((configMap) => configMaps.get(String(asRecord(configMap ?? {}, 'a ConfigMap').name)) ?? [])[0];

  it('sets variables that its configuration has', () => {
    const text = read(configFile ?? '');
    const unknown = env.map(({ name }) => String(name)).filter((name) => !text.includes(`\${env:${name}`));
    expect(unknown).toEqual([]);
    expect(container?.args).toEqual(['--config=/etc/otelcol-contrib/config.yaml']);
  });

  it('opens the ports on which its configuration listens', () => {
    const set = new Map(env.map(({ name, value }) => [name, value]));
    const listening = ['OTELCOL_OTLP_GRPC_ENDPOINT', 'OTELCOL_OTLP_HTTP_ENDPOINT', 'OTELCOL_HEALTH_ENDPOINT'];
    expect(ports.map(({ containerPort }) => `0.0.0.0:${containerPort}`)).toEqual([
      ...listening.map((name) => set.get(name)),
      `${set.get('OTELCOL_METRICS_HOST')}:8888`,
    ]);
  });

  it('is what Services select, by ports that it has', () => {
    const services = objects
      .filter(({ kind }) => kind === 'Service')
      .map((service) => asRecord(service.object.spec, 'spec'))
      .filter(({ selector }) => JSON.stringify(selector) === JSON.stringify(labels));
    expect(services.length).toBeGreaterThan(0);
    const names = ports.map(({ name }) => name);
    for (const service of services) {
      for (const port of asList(service.ports, 'ports')) expect(names).toContain(asRecord(port, 'a port').targetPort);
    }
  });

  it('holds no key', () => {
    for (const { name, value } of env)
      if (/KEY|TOKEN|SECRET/.test(String(name))) expect([name, value]).toEqual([name, undefined]);
  });
});
