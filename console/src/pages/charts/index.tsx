import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { readEventFields, readEventSeries, type EventFields } from '../../parts/numbers/requests.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { isoOfSeconds } from '../../parts/format.ts'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import { PageBar } from '../../parts/page-bar.tsx'
import { EmptyState, Loading, NoAnswer, RefreshButton, UnreadNotice } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { chartsText, functionNames } from '../../parts/numbers/text.ts'
import { generalText } from '../../text/general.ts'
import { NumbersChart } from '../../parts/numbers/chart.tsx'
import { chartsCodec, type ChartsState } from './state.ts'
import { attributes, families, functions } from '../../parts/numbers/choices.ts'
import './charts.css'

/** Of bars, names and footer on a phone, where the chart does not follow its panel. */
const barsPx = 300
/** Without what all JSON pointers of the family begin with. */
const fieldText = (pointer: string): string => pointer.replace(/^\/(?:fields\/)?/, '')

/** Numbers of different subjects have no common mean: they are grouped until a field is selected. */
const groupOf = ({ field, by }: ChartsState): string => (field === '' && by === '' ? attributes[0] : by)

export default function ChartsPage(): React.ReactNode {
  useTitle(chartsText.charts)
  const { state, unread, set } = usePageState(chartsCodec)
  const { family, fn, t } = state
  const by = groupOf(state)
  const { revision, again } = useRefresh(isMoving(t) ? state.refresh : 0)
  const fields = useQuery({
    queryKey: ['events', 'fields', family, t, revision],
    placeholderData: (before: EventFields | undefined, query) => (query?.queryKey[2] === family ? before : undefined),
    queryFn: ({ signal }) => readEventFields({ family, ...t }, signal),
  })
  const numbers = fields.data?.numbers ?? []
  const field = state.field === '' ? (numbers[0] ?? '') : state.field
  const series = useQuery({
    queryKey: ['events', 'series', family, field, fn, by, t, revision],
    enabled: field !== '',
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => readEventSeries({ family, field, function: fn, by, ...t }, signal),
  })
  const error = fields.error ?? series.error
  return (
    <div className="page charts">
      <h1 className="spoken">{chartsText.charts}</h1>
      <PageBar
        active={[fieldText(field), by === '' ? '' : fieldText(by)]}
        filter={
          <>
            <LabelledSelect
              label={chartsText.family}
              value={family}
              values={families}
              textOf={(name) => name}
              onChange={(chosen) => set({ family: chosen, field: '', by: '' })}
            />
            <LabelledSelect
              label={chartsText.field}
              value={field}
              values={[...new Set(field === '' ? numbers : [field, ...numbers])]}
              textOf={fieldText}
              onChange={(chosen) => set({ field: chosen, by })}
            />
            <LabelledSelect
              label={chartsText.function}
              value={fn}
              values={functions}
              textOf={(name) => functionNames[name]}
              onChange={(chosen) => set({ fn: chosen })}
            />
            <LabelledSelect
              label={chartsText.group}
              value={by}
              values={[...new Set(['', ...attributes, by, ...(fields.data?.texts ?? [])])]}
              textOf={(name) => (name === '' ? chartsText.noGroup : fieldText(name))}
              onChange={(chosen) => set({ field, by: chosen })}
            />
          </>
        }
      >
        <TimeControl frame={state} onChange={set} />
        {field !== '' && (
          <AddToDashboard
            of={{
              t,
              panel: {
                kind: 'numbers',
                title: chartsText.chart(functionNames[fn], fieldText(field)),
                group: by,
                select: { family, field, function: fn },
              },
            }}
          />
        )}
        <RefreshButton onClick={again} />
      </PageBar>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      <div className="page-body">
        <section className="panel" aria-label={chartsText.charts} aria-busy={series.isFetching}>
          {error !== null ? (
            <NoAnswer error={error} needsStore={chartsText.needsStore} onRetry={again} />
          ) : fields.data === undefined ? (
            <Loading what={chartsText.charts} />
          ) : field === '' ? (
            <EmptyState title={chartsText.noNumbers} action={{ text: generalText.seeEvents, to: '/events' }}>
              {chartsText.noNumbersHint(family)}
            </EmptyState>
          ) : series.data === undefined ? (
            <Loading what={chartsText.charts} />
          ) : (
            <NumbersChart
              of={series.data}
              label={chartsText.chart(functionNames[fn], fieldText(field))}
              least={Math.max(240, innerHeight - barsPx)}
              onSpan={(from, to) => set({ t: { from: isoOfSeconds(from), to: isoOfSeconds(to) } })}
            />
          )}
        </section>
      </div>
    </div>
  )
}
