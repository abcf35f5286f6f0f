import { imageText } from '../../parts/image-text.ts'
import { useTitle } from '../../app/use-title.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { ExportRows } from '../../parts/export-rows.tsx'
import { FindBox } from '../../parts/find-box.tsx'
import { count, counted } from '../../parts/format.ts'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import { ListPage, ListTable } from '../../parts/list-page.tsx'
import { EmptyState, RefreshButton } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { generalText } from '../../text/general.ts'
import { sortNames, insightsText } from './text.ts'
import { partsText } from '../../text/parts.ts'
import { insightColumns, insightKey, type InsightRow } from './columns.tsx'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { insightsPanel } from './board-panel.ts'
import { Compare } from './compare.tsx'
import { ImageDetails } from './details.tsx'
import { FlawDetails } from './flaw.tsx'
import { ExportVex } from './vex-export.tsx'
import { readAll, useInsights, useSeverities, useTrend } from './queries.ts'
import {
  insightsCodec,
  listOf,
  lists,
  problemSorts,
  selectionOf,
  type InsightsState,
  type InsightTab,
} from './state.ts'
import { Tiles } from './tiles.tsx'
import './insights.css'

const nouns = { flaws: 'problem', problems: 'finding', packages: 'package', facts: 'fact', images: 'image' } as const
const filters: Readonly<Record<InsightsState['list'], readonly (readonly [id: string, text: string])[]>> = {
  problems: [
    ['running', insightsText.onlyRunning],
    ['exposed', insightsText.onlyExposed],
    ['fixable', insightsText.onlyFixable],
    ['exploited', insightsText.onlyExploited],
  ],
  packages: [['running', insightsText.onlyRunning]],
  facts: [['running', insightsText.onlyRunning]],
  images: [
    ['running', insightsText.onlyRunning],
    ['exposed', insightsText.onlyExposed],
    ['unscanned', insightsText.notScanned],
  ],
  compare: [],
}
const listName = 'insights-list'

const toggled = (list: readonly string[], value: string): readonly string[] =>
  list.includes(value) ? list.filter((item) => item !== value) : [...list, value]

export default function InsightsPage(): React.ReactNode {
  useTitle(insightsText.insights)
  const { state, unread, set } = usePageState(insightsCodec)
  const { list, text, severity } = state
  const sums = useSeverities(state)
  const trend = useTrend(state, { enabled: sums.data !== undefined })
  const tabs = (
    <Tabs
      label={insightsText.list}
      tabs={lists.map((id) => ({ id, title: insightsText[id] }))}
      chosen={list}
      controls={listName}
      onChange={(id) => set({ list: id, sel: '' })}
    />
  )
  return (
    <ListPage
      title={insightsText.insights}
      className="insights"
      unread={unread}
      onRead={() => set({}, 'replace')}
      bar={{
        active: [text, state.severity, filters[list].flatMap(([id, name]) => (state.only.includes(id) ? [name] : []))],
        filter: (
          <FindBox
            q={text}
            label={insightsText.find}
            hint={insightsText.findHint}
            onChange={(words) => set({ text: words, sel: '' })}
          />
        ),
        more: <Chips state={state} set={set} />,
        children: <AddToDashboard of={insightsPanel(state, undefined)} as="mark" />,
      }}
    >
      <Tiles
        sums={sums.data ?? []}
        trend={trend}
        chosen={severity}
        onToggle={(each) => set({ list: 'problems', severity: toggled(severity, each), sel: '' })}
      />
      {list === 'compare' ? (
        <>
          <div className="page-line">{tabs}</div>
          <Compare
            place={listName}
            from={state.from}
            to={state.to}
            onChange={set}
            onImages={() => set({ list: 'images' })}
          />
        </>
      ) : (
        <Rows key={list} tab={list} state={state} set={set} tabs={tabs} />
      )}
    </ListPage>
  )
}

type Part = Readonly<{ state: InsightsState; set: (some: Partial<InsightsState>) => void }>

function Chips({ state: { list, only, image }, set }: Part) {
  return (
    <div className="quick">
      <div role="group" aria-label={partsText.filters}>
        {filters[list].map(([id, name]) => (
          <button
            key={id}
            type="button"
            className="chip"
            aria-pressed={only.includes(id)}
            onClick={() => set({ only: toggled(only, id), sel: '' })}
          >
            {name}
          </button>
        ))}
        {image !== '' && (
          <button type="button" className="chip" aria-pressed="true" onClick={() => set({ image: '' })}>
            {insightsText.imageFilter(imageText(null, image))}
          </button>
        )}
      </div>
    </div>
  )
}

type RowsProps = Part & Readonly<{ tab: InsightTab; tabs: React.ReactNode }>

function Rows({ tab, state, set, tabs }: RowsProps): React.ReactNode {
  const list = listOf(tab)
  const selection = selectionOf(list, state)
  const insights = useInsights(list, selection)
  const { rows, total, more, next, again } = insights
  const read = () => readAll(list, selection) as Promise<readonly InsightRow[]>
  return (
    <ListTable<InsightRow>
      of={insights}
      label={insightsText[tab]}
      panel={listName}
      line={
        <>
          {tabs}
          <span className="number" role="status">
            {total === undefined || rows === undefined
              ? ''
              : generalText.showing(count(rows.length), counted(total, nouns[list]))}
          </span>
        </>
      }
      acts={
        <>
          {tab === 'problems' && (
            <LabelledSelect
              label={insightsText.sort}
              value={state.sort}
              values={problemSorts}
              textOf={(sort) => sortNames[sort]}
              onChange={(sort) => set({ sort, sel: '' })}
            />
          )}
          <ExportRows name={tab} columns={insightColumns[list]} read={read}>
            {tab === 'problems' && <ExportVex selection={selectionOf('problems', state)} />}
          </ExportRows>
          <AddToDashboard of={insightsPanel(state, tab)} />
          <RefreshButton onClick={again} />
        </>
      }
      loads={insightsText[tab]}
      needsStore={insightsText.needsStore}
      empty={<Nothing state={state} onClear={() => set({ text: '', severity: [], only: [], image: '' })} />}
      grid={{
        columns: insightColumns[list],
        rowKey: insightKey,
        total: more ? total : rows?.length,
        selected: state.sel,
        onEnd: next,
        ...(tab === 'packages' || tab === 'facts'
          ? {}
          : { onOpen: (row: InsightRow) => set({ sel: insightKey(row) }) }),
      }}
      drawer={<OpenRow of={rows?.find((row) => insightKey(row) === state.sel)} set={set} />}
    />
  )
}

function OpenRow({ of, set }: Readonly<{ of: InsightRow | undefined; set: Part['set'] }>) {
  const close = (): void => set({ sel: '' })
  if (of !== undefined && 'image_names' in of) return <FlawDetails key={of.id} of={of} onClose={close} />
  if (of === undefined || !('tags' in of)) return null
  const { image } = of
  return (
    <ImageDetails
      of={of}
      onClose={close}
      onCompare={() => set({ list: 'compare', from: image, to: '', sel: '' })}
      onFacts={() => set({ list: 'facts', image, text: '', sel: '' })}
      onProblems={() => set({ list: 'problems', image, text: '', sel: '' })}
    />
  )
}

function Nothing({ state, onClear }: Readonly<{ state: InsightsState; onClear: () => void }>): React.ReactNode {
  const { list, text, only, severity, image } = state
  const isFiltered = text !== '' || only.length > 0 || image !== '' || (list === 'problems' && severity.length > 0)
  if (isFiltered)
    return (
      <EmptyState title={insightsText.nothingMatches} action={{ text: generalText.clearFilter, onClick: onClear }}>
        {insightsText.nothingMatchesHint}
      </EmptyState>
    )
  const command = insightsText.putCommand(location.origin)
  return (
    <EmptyState
      title={insightsText.noReports}
      action={<CopyButton text={command}>{insightsText.copyCommand}</CopyButton>}
    >
      <p>{list === 'problems' ? insightsText.noProblems : insightsText.noReportsHint}</p>
      <pre>{command}</pre>
    </EmptyState>
  )
}
