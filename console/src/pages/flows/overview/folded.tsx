import type { Feature } from './families.ts'
import { familyNames, panelKinds } from './kinds.ts'
import type { PanelName } from './state.ts'
import { panelsText } from './text.ts'

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
        {panelsText.nothingToShow(
          panels.length === 1 ? panelsText.onePanel : panelsText.panelCount(panels.length),
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
  drops: panelsText.dropsHint,
  dns: panelsText.dnsHint,
  rtt: panelsText.rttHint,
  tls: panelsText.tlsHint,
  events: panelsText.networkEventsHint,
  ipsec: panelsText.ipsecHint,
  as: panelsText.systemsHint,
  country: panelsText.countriesHint,
  firewall: panelsText.firewallHint,
  denied: panelsText.firewallHint,
  nat: panelsText.firewallHint,
  application: panelsText.firewallHint,
  user: panelsText.firewallHint,
  interface: panelsText.interfacesHint,
}
