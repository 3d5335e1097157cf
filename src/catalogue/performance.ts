import { defineMetrics } from './metric.ts';

export const performanceMetrics = defineMetrics([
  {
    name: 'signal.performance.forward_backward_duration_ms',
    kind: 'histogram',
    unit: '{ms}',
    description: 'Duration of forward_backward passes in milliseconds',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.performance.optim_step_duration_ms',
    kind: 'histogram',
    unit: '{ms}',
    description: 'Duration of optimizer steps in milliseconds',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.performance.queue_depth',
    kind: 'gauge',
    unit: '{request}',
    description: 'Requests queued',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.performance.gpu_utilization',
    kind: 'gauge',
    unit: '{percent}',
    description: 'GPU utilization, 0 to 100 percent',
    typicalRange: { min: 0, max: 100 },
  },
  {
    name: 'signal.performance.gpu_memory_used_gb',
    kind: 'gauge',
    unit: '{GiB}',
    description: 'GPU memory used, in GiB as Signal itself counts it, although the name says GB',
    typicalRange: { min: 0 },
  },
]);
