import { defineMetrics } from './metric.ts';

export const trainingMetrics = defineMetrics([
  {
    name: 'signal.training.loss',
    kind: 'gauge',
    unit: '{loss}',
    description: 'Training loss',
    typicalRange: {},
  },
  {
    name: 'signal.training.grad_norm',
    kind: 'gauge',
    unit: '{norm}',
    description: 'Gradient L2 norm',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.training.learning_rate',
    kind: 'gauge',
    unit: '{rate}',
    description: 'Current learning rate',
    typicalRange: { min: 0, max: 1 },
  },
]);

/** What the collector derives from the calls it gets; not a field of any of them. */
export const progressMetrics = defineMetrics([
  {
    name: 'signal.training.step',
    kind: 'counter',
    unit: '{step}',
    description: 'Training steps made, each counted once: steps replayed after a checkpoint add nothing',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.training.current_step',
    kind: 'gauge',
    unit: '{step}',
    description: 'The step that training has reached',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.training.non_finite',
    kind: 'counter',
    unit: '{value}',
    description: 'Values that were NaN or infinite and therefore entered no metric, by the name of the metric',
    typicalRange: { min: 0 },
  },
]);
