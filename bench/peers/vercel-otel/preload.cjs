// @vercel/otel wants OpenTelemetry 2.x, which this folder has for itself.
const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-http');
const { PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { registerOTel } = require('@vercel/otel');

registerOTel({
  serviceName: 'bench',
  metricReaders: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
});
