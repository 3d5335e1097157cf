import { defineMetrics } from './metric.ts';

/** The machine's GPUs, by OpenTelemetry's semantic conventions for hardware: names, kinds and units are theirs. */
export const hardwareMetrics = defineMetrics([
  {
    name: 'hw.gpu.utilization',
    kind: 'gauge',
    unit: '1',
    description: 'Fraction of time in which a GPU was at work, by `hw.id`',
    typicalRange: { min: 0, max: 1 },
  },
  {
    name: 'hw.gpu.memory.utilization',
    kind: 'gauge',
    unit: '1',
    description: "Fraction of a GPU's memory in use, by `hw.id`",
    typicalRange: { min: 0, max: 1 },
  },
  {
    name: 'hw.gpu.memory.usage',
    kind: 'upDownCounter',
    unit: 'By',
    description: 'Memory in use of a GPU, by `hw.id`',
    typicalRange: { min: 0 },
  },
  {
    name: 'hw.gpu.memory.limit',
    kind: 'upDownCounter',
    unit: 'By',
    description: 'Memory that a GPU has, by `hw.id`',
    typicalRange: { min: 0 },
  },
  {
    name: 'hw.temperature',
    kind: 'gauge',
    unit: 'Cel',
    description: 'Temperature of a GPU in degrees Celsius, by `hw.id`',
    typicalRange: { min: 0 },
  },
  {
    name: 'hw.power',
    kind: 'gauge',
    unit: 'W',
    description: 'Power that a GPU draws, by `hw.id`',
    typicalRange: { min: 0 },
  },
]);
