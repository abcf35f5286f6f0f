import { lazy, Suspense, useMemo } from 'react'
import { useFields } from '../../api/queries.ts'
import { asApiError } from '../../api/problem.ts'
import { rangeCommands, useCommands } from '../../app/commands.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { FilterBox } from '../../parts/filter-box.tsx'
import { ListPage } from '../../parts/list-page.tsx'
import { LiveButton } from '../../parts/live-button.tsx'
import { Loading } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { isMoving } from '../../state/range.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { eventsText } from '../../parts/events/text.ts'
import { generalText } from '../../text/general.ts'
import { EventTable } from './table.tsx'
import { eventsCodec, newestFirst } from './state.ts'
import { lists } from '../../parts/events/lists.ts'
import { useStoreProbe } from './queries.ts'
import './events.css'

const NewestEvents = lazy(async () => ({ default: (await import('./newest.tsx')).NewestEvents }))

const tabs = lists.map((id) => ({ id, title: eventsText.lists[id] }))

export default function EventsPage(): React.ReactNode {
  useTitle(eventsText.events)
  const { state, unread, set } = usePageState(eventsCodec)
  const { list, q, t } = state
  const fields = useFields()
  const probe = useStoreProbe()
  const hasNoStore = probe.isError && asApiError(probe.error).code === 'WEIR_API_NO_STORE'
  const live = state.live && isMoving(t) && state.sort === newestFirst
  useCommands(
    useMemo(
      () => [
        { name: generalText.clearFilter, words: 'events logs', run: () => set({ q: '', sel: '', at: '' }) },
        ...rangeCommands((range) => set({ t: range })),
      ],
      [set],
    ),
  )
  return (
    <ListPage
      title={eventsText.events}
      className="events"
      unread={unread}
      onRead={() => set({}, 'replace')}
      bar={{
        active: [q],
        filter: (
          <FilterBox
            names="events"
            example={list === 'logs' ? eventsText.logFilterExample : eventsText.filterExample}
            fields={fields.data?.views['events'] ?? []}
            filter={q}
            range={t}
            onChange={(text) => set({ q: text, sel: '', at: '' })}
          />
        ),
        children: !hasNoStore && (
          <>
            <TimeControl frame={state} onChange={set} />
            <LiveButton
              live={live}
              t={t}
              hint={eventsText.liveHint}
              onClick={() => set(live ? { live: false } : { live: true, sort: newestFirst })}
            />
          </>
        ),
      }}
    >
      {hasNoStore ? (
        <Suspense fallback={<Loading what={eventsText.theNewestEvents} />}>
          <NewestEvents q={q} onClear={() => set({ q: '' })} />
        </Suspense>
      ) : (
        <>
          <div className="events-tabs">
            <Tabs
              label={eventsText.kinds}
              tabs={tabs}
              chosen={list}
              controls="events-list"
              onChange={(next) => set({ list: next, cols: [], by: '', open: [], sort: newestFirst, sel: '', at: '' })}
            />
          </div>
          <EventTable key={list} state={state} set={set} live={live} />
        </>
      )}
    </ListPage>
  )
}
