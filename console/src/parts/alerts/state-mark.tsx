import type { Rule } from '../../api/alerts.ts'
import { alertRulesText } from '../../text/alert-rules.ts'
import { alertsText } from '../../text/alerts.ts'

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
