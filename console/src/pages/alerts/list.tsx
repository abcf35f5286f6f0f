import type { Rule } from '../../api/alerts.ts'
import { alertRulesText } from '../../text/alert-rules.ts'
import { StateMark } from '../../parts/alerts/state-mark.tsx'
import { nowText, order, ruleText } from '../../parts/alerts/words.ts'

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

function placeText({ origin }: Rule): string {
  if (origin === undefined) return ''
  return origin.is === 'file'
    ? alertRulesText.inFile(origin.file?.split('/').at(-1) ?? '', origin.line ?? 0)
    : alertRulesText.byUser(origin.by ?? '')
}
