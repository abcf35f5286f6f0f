import { familyNames, panelKinds, type Family } from './kinds.ts'
import type { PanelName } from './state.ts'

/** Panels that have nothing to show, in one line; and why, for who wants to know. */
export function FoldedPanels({ panels }: { readonly panels: readonly PanelName[] }): React.ReactNode {
  const families = [...new Set(panels.map((name) => panelKinds[name].family))].filter(
    (family): family is Exclude<Family, 'flows'> => family !== 'flows',
  )
  return (
    <details className="panel folded">
      <summary>
        {panels.length === 1 ? 'One panel has' : `${panels.length} panels have`} nothing to show: no flow of this span
        says anything of {families.map((family) => familyNames[family]).join(', ')}
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

const reasons: Readonly<Record<Exclude<Family, 'flows'>, string>> = {
  drops: 'Agents in the kernel report what it drops, with its cause; NetFlow and sFlow samples do not.',
  dns: 'Agents that look into DNS report its answers.',
  rtt: 'Agents that follow TCP report round-trip times.',
}
