export const boardsText = {
  dashboards: 'Dashboards',
  add: 'Add to dashboard',
  addHint: 'Adds this panel with its filter and grouping to a saved or new dashboard',
  panelTitle: 'Title of the panel',
  saved: 'Your dashboards',
  none: 'You have no saved dashboard yet.',
  newName: 'New dashboard',
  usualName: 'My dashboard',
  create: 'Create and add',
  keepRange: (range: string) => `Keep the time range: ${range}`,
  added: (name: string) => `Added to “${name}”.`,
  open: 'Open dashboard',
  full: (panels: number) => `The dashboard has ${panels} panels already.`,
}

export const panelText = {
  thePanel: 'the panel',
  needsStore: 'The panel requires the store',
  notANumber: (name: string) => `Variable ${name} is not a number.`,
  openQuote: (list: string) => `A quote has no end in the list: ${list}`,
  noRows: 'No rows in this range.',
}

export const kindText = {
  series: { title: 'Series over time', hint: 'Rates of flows by group' },
  top: { title: 'Top list', hint: 'The largest groups of flows' },
  stat: { title: 'Single value', hint: 'A sum of flows' },
  table: { title: 'Flows', hint: 'The newest flows' },
  topology: { title: 'Topology', hint: 'The graph of the largest edges' },
  percentiles: { title: 'Percentiles', hint: 'Round-trip times and other numbers of flows' },
  metric: { title: 'Metrics', hint: 'PromQL: lines, heat maps, values, gauges, tables' },
  logs: { title: 'Logs', hint: 'Lines of a LogQL query' },
  events: { title: 'Events', hint: 'Events and log lines by a filter' },
  numbers: { title: 'Numbers', hint: 'A number in events over time' },
  changes: { title: 'Changes', hint: 'Changes of resources' },
  audit: { title: 'Audit', hint: 'Acts of users and programs' },
  insights: { title: 'Insights', hint: 'Problems of images' },
  inventory: { title: 'Inventory', hint: 'Resources of clouds and findings' },
  spend: { title: 'Spend', hint: 'Costs of whole days' },
  alerts: { title: 'Alerts', hint: 'Rules and their active alerts' },
  sql: { title: 'SQL', hint: 'Rows of a statement; for admins' },
  text: { title: 'Text', hint: 'Markdown' },
} as const
