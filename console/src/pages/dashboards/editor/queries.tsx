import { LabelledSelect } from '../../../parts/labelled-select.tsx'
import type { Panel, PanelQuery } from '../../../parts/dashboards/definition.ts'
import type { Range } from '../../../state/range.ts'
import { dashboardsText, languageNames } from '../text.ts'
import { CompletedInput } from './completed-input.tsx'
import { LateInput } from './late-input.tsx'
import { useExpression } from './use-suggested.ts'

type QueriesProps = Readonly<{ panel: Panel; t: Range; onChange: (panel: Panel) => void }>

const languages = ['promql', 'logql'] as const
const empty: PanelQuery = { expr: '', legend: '' }

export function Queries({ panel, t, onChange }: QueriesProps): React.ReactNode {
  const { kind, language } = panel
  const queries = panel.queries.length === 0 ? [empty] : panel.queries
  const set = (next: readonly PanelQuery[]) => onChange({ ...panel, queries: next })
  const useSuggested = (text: string, caret: number | undefined) => useExpression(language, t, text, caret)
  return (
    <>
      {kind === 'metric' && (
        <LabelledSelect
          label={dashboardsText.language}
          value={language}
          values={languages}
          textOf={(name) => languageNames[name]}
          onChange={(chosen) => onChange({ ...panel, language: chosen })}
        />
      )}
      {queries.map((query, at) => (
        <div key={at} className="query-fields">
          <CompletedInput
            label={dashboardsText.query(at + 1)}
            value={query.expr}
            useSuggested={useSuggested}
            onChange={(expr) => set(queries.with(at, { ...query, expr }))}
          />
          {kind === 'metric' && (
            <LateInput
              label={dashboardsText.legend(at + 1)}
              value={query.legend}
              hint={dashboardsText.legendHint}
              onChange={(legend) => set(queries.with(at, { ...query, legend }))}
            />
          )}
          {queries.length > 1 && (
            <button
              type="button"
              className="quiet"
              aria-label={dashboardsText.removeQuery(at + 1)}
              onClick={() => set(queries.toSpliced(at, 1))}
            >
              ✕
            </button>
          )}
        </div>
      ))}
      <button type="button" className="add-query" onClick={() => set([...queries, empty])}>
        {dashboardsText.addQuery}
      </button>
    </>
  )
}
