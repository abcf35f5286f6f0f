export const alertsText = {
  alerts: 'Alerts',
  theAlerts: 'the alerts',
  noRules: 'There are no alert rules. Add them under “alerts” in the configuration.',
  noneActive: (rules: string) => `No alert is active. ${rules} evaluated.`,
  firing: 'firing',
  pending: 'pending',
  failing: 'not evaluated',
  noData: 'no data',
  noDataHint: 'Nothing was received in its window.',
  since: (time: string) => `since ${time}`,
  showRows: (name: string) => `Show the rows of alert ${name}`,
  more: (count: string) => `${count} more`,
}
