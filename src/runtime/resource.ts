import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Attributes } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  ATTR_DEPLOYMENT_ENVIRONMENT_NAME,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import type { Config } from './config.ts';

/**
 * Who is sending. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over DD_SERVICE, DD_ENV and DD_VERSION, as the more
 * specific ones. The command line is left out on purpose: users put keys there.
 */
export function createResource(config: Config): Resource {
  const own: Attributes = {
    // With a default of the package's own: the SDK's shows where Node lies on this machine.
    [ATTR_SERVICE_NAME]: config.serviceName,
    // Two processes of one service on one host would otherwise write the same streams.
    [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
    // Without it a gateway Collector stamps its own host on everything.
    'host.name': hostname(),
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  };
  if (config.serviceVersion) own[ATTR_SERVICE_VERSION] = config.serviceVersion;
  if (config.environment) own[ATTR_DEPLOYMENT_ENVIRONMENT_NAME] = config.environment;
  return defaultResource()
    .merge(resourceFromAttributes(own))
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
}
