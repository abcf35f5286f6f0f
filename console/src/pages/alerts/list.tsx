import type { Rule } from '../../api/alerts.ts'
import { count, time } from '../../parts/format.ts'
import { alertRulesText } from '../../text/alert-rules.ts'
import { alertsText } from '../../text/alerts.ts'
import { ruleText, shownLabels } from './words.ts'

const order = ['failing', 'firing', 'pending', 'no_data', 'unknown', 'inactive'] as const
const marks = {
  failing: ['✕', 'bad', alertsText.failing],
  firing: ['▲', 'bad', alertsText.firing],
  pending: ['◔', 'warning', alertsText.pending],
  no_data: ['○', 'warning', alertsText.noData],
  unknown: ['○', 'dim', alertRulesText.unknown],
  inactive: ['●', 'good', alertRulesText.inactive],
} as const

export function StateMark({ rule: { state, alerts } }: { rule: Rule }): React.ReactNode {
  const [mark, tone, word] = marks[state]
  const firing = alerts.filter((alert) => alert.state === 'firing')
  const isSilenced = firing.length > 0 && firing.every(({ silenced_until: until }) => until !== undefined)
  return (
    <span className={`state-mark ${isSilenced && state === 'firing' ? 'dim' : tone}`}>
      <span aria-hidden="true">{mark}</span> {word}
      {isSilenced && `, ${alertRulesText.silenced}`}
    </span>
  )
}

/** What needs attention first. */
export function RuleList({
  rules,
  selected,
  onOpen,
}: {
  rules: readonly Rule[]
  selected: string
  onOpen: (name: string) => void
}): React.ReactNode {
  const sorted = rules.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (a.name < b.name ? -1 : 1))
  return (
    <ul className="rule-list">
      {sorted.map((rule, index) => (
        <li key={`${rule.name} ${rule.origin?.is ?? ''} ${index}`}>
          <button
            type="button"
            className="rule"
            aria-current={rule.name === selected}
            onClick={() => onOpen(rule.name)}
          >
            <StateMark rule={rule} />
            <span className="rule-name">
              <b>{rule.name}</b> <span className={`severity ${rule.severity}`}>{rule.severity}</span>
            </span>
            <span className="rule-what mono">{ruleText(rule)}</span>
            <span className="rule-place dim">{placeText(rule)}</span>
            <span className="rule-now">{rule.error ?? nowText(rule)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function nowText({ alerts }: Rule): string {
  const [first] = alerts
  if (first === undefined) return ''
  const more = alerts.length > 1 ? alertsText.more(count(alerts.length - 1)) : ''
  return [first.value_text, shownLabels(first.labels), alertsText.since(time(first.active_at)), more]
    .filter((part) => part !== '')
    .join(' · ')
}

function placeText({ origin }: Rule): string {
  if (origin === undefined) return ''
  return origin.is === 'file'
    ? alertRulesText.inFile(origin.file?.split('/').at(-1) ?? '', origin.line ?? 0)
    : alertRulesText.byUser(origin.by ?? '')
}
