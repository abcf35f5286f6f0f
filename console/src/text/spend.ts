export const groupNames = {
  service: 'Service',
  account: 'Account',
  provider: 'Provider',
  region: 'Region',
  resource: 'Resource',
  charge_category: 'Charge category',
  tag: 'Tag',
} as const

export const spanNames = {
  month: 'This month',
  'last-month': 'Last month',
  quarter: 'Last 3 months',
  year: 'Last 12 months',
  days: 'Last 30 days',
} as const

export const spendText = {
  spend: 'Spend',
  span: 'Time',
  group: 'By',
  tag: 'Name of the tag',
  tagHint: 'team',
  filters: 'Selected',
  total: (currency: string) => `Total in ${currency}`,
  estimated: (cost: string) => `${cost} not final`,
  allFinal: 'all days are final',
  comparedWith: (from: string, to: string) => `compared with ${from} – ${to}`,
  noneBefore: 'no costs in the period before',
  costs: (currency: string) => `Costs in ${currency}`,
  byDay: (currency: string, step: string) => `Costs in ${currency} by ${step}`,
  day: 'day',
  month: 'month',
  notFinal: 'not final',
  others: 'others',
  unallocated: 'unallocated',
  cost: 'Cost',
  share: 'Share',
  before: 'Before',
  change: 'Change',
  only: (value: string) => `Select only ${value}`,
  without: (name: string, value: string) => `${name}: ${value} ✕`,
  exportFocus: 'Export FOCUS',
  needsStore: 'Spend requires the store',
  noCosts: 'No costs',
  noneInSpan: (from: string, to: string) => `No cost is stored from ${from} to ${to}.`,
  showYear: 'Show the last 12 months',
  configureHint:
    'Sources read costs from clouds (exoscale, digitalocean, aws), and source spend from files: FOCUS, reports of ' +
    'AWS, or other CSV. Providers publish the costs of a day up to two days later. For example:',
  recipe: `sources:
  spend:
    path: /var/lib/weir/spend`,
  reload: '.',
  tagMissing: 'Enter the name of a tag.',
}
