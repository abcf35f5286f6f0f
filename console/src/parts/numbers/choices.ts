export const families = [
  'point',
  'log',
  'event',
  'cost',
  'resource',
  'problem',
  'package',
  'fact',
  'audit',
  'change',
  'k8s-event',
] as const
export const functions = ['avg', 'sum', 'min', 'max', 'p50', 'p95', 'p99', 'count'] as const
/** Attributes of events. */
export const attributes = ['subject', 'type', 'source'] as const
