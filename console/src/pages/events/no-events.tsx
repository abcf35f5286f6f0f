import { CopyButton } from '../../parts/copy-button.tsx'
import { counted } from '../../parts/format.ts'
import { DocLink } from '../../parts/links/doc-link.tsx'
import { EmptyState } from '../../parts/states.tsx'
import { rangeText } from '../../state/range.ts'
import { eventsText } from '../../parts/events/text.ts'
import { generalText } from '../../text/general.ts'
import { sumsOf, useEventSums } from './queries.ts'
import { filterOf, type EventsState } from './state.ts'

const lastWeek = { from: 'now-1w', to: 'now' } as const

type NoMatchProps = Readonly<{
  state: EventsState
  set: (change: Partial<EventsState>) => void
}>

/** States whether the same filter has events in the last week. */
export function NoMatch({ state, set }: NoMatchProps): React.ReactNode {
  const { list, q, t } = state
  const noun = list === 'logs' ? 'line' : 'event'
  const week = { filter: filterOf(state), t: lastWeek, by: 'family', limit: 1, buckets: 1, revision: '' }
  const { data } = useEventSums(week)
  const beyond = data?.of === sumsOf(week.filter, week.t) ? data.total : 0
  if (beyond > 0)
    return (
      <EmptyState
        title={eventsText.noneInRange(rangeText(t))}
        action={{ text: generalText.showLastWeek, onClick: () => set({ t: lastWeek }) }}
      >
        {eventsText.inLastWeek(counted(beyond, noun), q === '' ? '' : eventsText.matchingTheFilter)}
      </EmptyState>
    )
  if (q !== '')
    return (
      <EmptyState
        title={eventsText.noneMatches}
        action={{ text: generalText.clearFilter, onClick: () => set({ q: '' }) }}
      >
        {eventsText.noMatchHint(rangeText(t))}
      </EmptyState>
    )
  return list === 'logs' ? <NoLines /> : <NoEvents />
}

function NoLines() {
  return (
    <EmptyState title={eventsText.noLinesYet} action={<DocLink page="guide/grafana">{eventsText.logsGuide}</DocLink>}>
      {eventsText.noLinesHint}
    </EmptyState>
  )
}

export function NoEvents(): React.ReactNode {
  const command = eventsText.postCommand(location.origin)
  return (
    <EmptyState
      title={eventsText.noEventsYet}
      action={<CopyButton text={command}>{eventsText.copyThisCommand}</CopyButton>}
    >
      <p>{eventsText.noEventsHint}</p>
      <pre>{command}</pre>
    </EmptyState>
  )
}
