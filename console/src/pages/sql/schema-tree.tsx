import { useState } from 'react'
import { useFields } from '../../api/queries.ts'
import { QueryError } from '../../parts/states.tsx'
import { useSchema, viewNames, type ViewName } from './use-sql.ts'
import { generalText } from '../../text/general.ts'
import { sqlText } from './text.ts'

const meanings: Readonly<Record<ViewName, string>> = {
  flows: sqlText.everyFlow,
  events: sqlText.everyEvent,
  changes: sqlText.changesView,
  audit: sqlText.auditView,
  resources: sqlText.resourcesView,
  relations: sqlText.relationsView,
  traffic: sqlText.connectionsView,
  inventory: sqlText.inventoryView,
  images: sqlText.imagesView,
  packages: sqlText.packagesView,
  problems: sqlText.problemsView,
  facts: sqlText.factsView,
  flows_1m: sqlText.minuteTotals,
  flows_5m: sqlText.fiveMinuteTotals,
  flows_1h: sqlText.hourTotals,
}

export function SchemaTree({ onInsert }: { onInsert: (name: string) => void }): React.ReactNode {
  const [find, setFind] = useState('')
  const described = useSchema()
  const fields = useFields()
  const [first] = described
  if (first !== undefined && described.every(({ isError }) => isError)) return <QueryError of={first} />
  const wanted = find.trim().toLowerCase()
  const meaning = (view: ViewName, name: string) =>
    fields.data?.views[view === 'flows_1m' || view === 'flows_5m' || view === 'flows_1h' ? 'flows' : view]?.find(
      (column) => column.name === name,
    )?.meaning ?? ''
  return (
    <>
      <input
        type="search"
        aria-label={sqlText.findAColumn}
        placeholder={sqlText.findAColumn}
        value={find}
        onChange={(event) => setFind(event.target.value)}
      />
      {viewNames.map((view, at) => {
        const { data, isPending } = described[at]!
        if (data === undefined && !isPending) return null
        const columns = data?.filter(({ name }) => name.includes(wanted)) ?? []
        if (wanted !== '' && columns.length === 0) return null
        return (
          <details key={view} open={wanted !== '' || undefined}>
            <summary>
              <b className="mono">{view}</b> <span className="dim">{meanings[view]}</span>
            </summary>
            <ul>
              <li>
                <button type="button" className="column" onClick={() => onInsert(view)}>
                  <span className="mono">{view}</span>
                  <span className="dim">{sqlText.insertTheName}</span>
                </button>
              </li>
              {isPending && <li className="dim">{generalText.loading}</li>}
              {columns.map(({ name, type }) => (
                <li key={name}>
                  <button type="button" className="column" title={meaning(view, name)} onClick={() => onInsert(name)}>
                    <span className="mono">{name}</span>
                    <span className="dim">{type.toLowerCase()}</span>
                  </button>
                </li>
              ))}
            </ul>
          </details>
        )
      })}
    </>
  )
}
