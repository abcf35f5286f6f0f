export const functionNames = {
  avg: 'Average',
  sum: 'Sum',
  min: 'Minimum',
  max: 'Maximum',
  p50: 'Median',
  p95: '95th percentile',
  p99: '99th percentile',
  count: 'Number of events',
} as const

export const chartsText = {
  charts: 'Charts',
  family: 'Family',
  field: 'Field',
  function: 'Function',
  group: 'Group by',
  noGroup: 'no group',
  chart: (name: string, field: string) => `${name} of ${field}`,
  hiddenUpTo: (amount: string) => `hidden, up to ${amount}`,
  withoutValue: 'without value',
  needsStore: 'Charts require the store',
  noNumbers: 'No numeric fields',
  noNumbersHint: (family: string) => `The newest events of family ${family} in this time range have no numeric field.`,
  noPoints: 'No event in this time range has a number in this field.',
}
