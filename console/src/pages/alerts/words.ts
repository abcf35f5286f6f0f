import type { Rule } from '../../api/alerts.ts'
import { alertRulesText } from '../../text/alert-rules.ts'

/** The rule in a line: measure, rows and condition. */
export function ruleText({ measure, filter, by = [], condition, on }: Rule): string {
  return [
    on === 'sql' ? alertRulesText.sql : (measure ?? ''),
    on === 'sql' || on === 'flows' ? '' : alertRulesText.ofRows(on),
    by.length === 0 ? '' : alertRulesText.byGroups(by.join(', ')),
    condition,
    filter === undefined || filter === '' ? '' : alertRulesText.whereFilter(filter),
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** Labels that not every alert of the rule has. */
export function shownLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== 'alertname' && name !== 'severity')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
