// What `register` is compared with: the official NodeSDK with traces, logs and metrics by OTLP, as its README starts it.
const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-proto');
const { PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { NodeSDK } = require('@opentelemetry/sdk-node');

new NodeSDK({ metricReaders: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })] }).start();
