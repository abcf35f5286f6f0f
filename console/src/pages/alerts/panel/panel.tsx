import { Link } from '@tanstack/react-router'
import type { Alerts, Rule } from '../../../api/alerts.ts'
import { request } from '../../../api/client.ts'
import { StateMark } from '../../../parts/alerts/state-mark.tsx'
import { nowText, order, ruleText } from '../../../parts/alerts/words.ts'
import { alertRulesText } from '../../../text/alert-rules.ts'
import { alertsText } from '../../../text/alerts.ts'
import { generalText } from '../../../text/general.ts'
import { Answered } from '../../../parts/dashboards/answered.tsx'
import { usePanelQuery } from '../../../parts/dashboards/panel-query.ts'
import { PanelTable } from '../../../parts/dashboards/panel-table.tsx'
import { selected } from '../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../parts/dashboards/kind.ts'

/** The state now: the time range does not apply. */
export default function AlertsPanel(props: PanelProps): React.ReactNode {
  const { panel, revision } = props
  const { rule = '', state = '', severity = '' } = selected(props)
  const answer = usePanelQuery<Alerts>({
    key: ['alerts'],
    revision,
    read: (signal) => request<Alerts>('/api/v1/alerts', { signal }),
  })
  const isIn = (list: string, value: string) => list === '' || list.split(',').includes(value)
  return (
    <Answered of={answer}>
      {({ rules }) => (
        <Rules
          of={rules
            .filter((row) => isIn(rule, row.name) && isIn(state, row.state) && isIn(severity, row.severity))
            .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (a.name < b.name ? -1 : 1))
            .slice(0, panel.limit)}
        />
      )}
    </Answered>
  )
}

function Rules({ of }: Readonly<{ of: readonly Rule[] }>) {
  return (
    <PanelTable
      columns={[
        { id: 'state', title: alertRulesText.state },
        { id: 'name', title: generalText.name },
        { id: 'rule', title: alertRulesText.rule },
        { id: 'now', title: alertsText.alerts },
      ]}
      rows={of.map((rule) => [
        <StateMark key="state" rule={rule} />,
        <Link key="name" to="/alerts" search={{ v: '1', sel: rule.name } as never}>
          {rule.name}
        </Link>,
        ruleText(rule),
        rule.error ?? nowText(rule),
      ])}
    />
  )
}
