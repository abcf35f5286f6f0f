import type { Rule } from '../../api/alerts.ts'
import { count, time } from '../format.ts'
import { alertRulesText } from '../../text/alert-rules.ts'
import { alertsText } from '../../text/alerts.ts'

/** Order of states: what needs attention comes first. */
export const order = ['failing', 'firing', 'pending', 'no_data', 'unknown', 'inactive'] as const

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

/** Whether the text has the value as a word. */
export function hasValue(text: string, value: string): boolean {
  return ` ${text} `.includes(` ${value} `)
}

/** The first active alert, and the number of the others. */
export function nowText({ alerts }: Rule): string {
  const [first] = alerts
  if (first === undefined) return ''
  const more = alerts.length > 1 ? alertsText.more(count(alerts.length - 1)) : ''
  return [first.value_text, shownLabels(first.labels), alertsText.since(time(first.active_at)), more]
    .filter((part) => part !== '')
    .join(' · ')
}
