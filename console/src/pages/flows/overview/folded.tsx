import { familyNames, panelKinds, type Feature } from './kinds.ts'
import type { PanelName } from './state.ts'
import { overviewText } from '../../../text/overview.ts'

/** `alone`: no other panel is shown, so the reasons are. */
export function FoldedPanels({
  panels,
  alone = false,
}: {
  panels: readonly PanelName[]
  alone?: boolean
}): React.ReactNode {
  const families = [...new Set(panels.map((name) => panelKinds[name].family))].filter(
    (family): family is Feature => family !== 'flows',
  )
  return (
    <details className="panel folded" open={alone}>
      <summary>
        {overviewText.nothingToShow(
          panels.length === 1 ? overviewText.onePanel : overviewText.panelCount(panels.length),
          families.map((family) => familyNames[family]).join(', '),
        )}
      </summary>
      <dl>
        {families.map((family) => (
          <div key={family}>
            <dt>
              {panels
                .filter((name) => panelKinds[name].family === family)
                .map((name) => panelKinds[name].title)
                .join(', ')}
            </dt>
            <dd className="dim">{reasons[family]}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

const reasons: Readonly<Record<Feature, string>> = {
  drops: overviewText.dropsHint,
  dns: overviewText.dnsHint,
  rtt: overviewText.rttHint,
  tls: overviewText.tlsHint,
  events: overviewText.networkEventsHint,
  ipsec: overviewText.ipsecHint,
  as: overviewText.systemsHint,
  country: overviewText.countriesHint,
  interface: overviewText.interfacesHint,
}
