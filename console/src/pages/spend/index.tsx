import { pathOf } from '../../api/client.ts'
import { useTitle } from '../../app/use-title.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { ExportRows } from '../../parts/export-rows.tsx'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import { PageBar } from '../../parts/page-bar.tsx'
import { EmptyState, Loading, NoAnswer, RefreshButton, StaleNotice, UnreadNotice } from '../../parts/states.tsx'
import { useFinest } from '../../hooks/use-finest.ts'
import { auto } from '../../state/auto.ts'
import { usePageState, type PageState } from '../../state/use-page-state.ts'
import { generalText } from '../../text/general.ts'
import { groupNames, spanNames, spendText } from './text.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { spendPanel } from './board-panel.ts'
import { Currency } from './currency.tsx'
import { useSpend } from './queries.ts'
import { rawGroup, shownColumns, shownGroups } from './shown-groups.ts'
import { TransfersPart } from './transfers.tsx'
import { selectionOf, spendCodec, type SpendChoice, type SpendState } from './state.ts'
import { TagKeys } from './tag-keys.tsx'
import { daysBefore, daysOf, filters, groups, spans, usualSpan, type Days, type Filter } from './days.ts'
import '../../parts/audit/audit.css'
import { transfersPanel } from './board-panel.ts'
import './spend.css'

/** Groups of one value explain nothing. */
const finest = ['service', 'region', 'account', 'resource'] as const

const noFilter: Partial<SpendState> = {
  ...Object.fromEntries(filters.map((name) => [name, []])),
  tags: [],
}

const isFiltered = (state: SpendState): boolean =>
  state.tags.length > 0 || filters.some((name) => state[name].length > 0)

export default function SpendPage(): React.ReactNode {
  useTitle(spendText.spend)
  const { state: whole, unread, set } = usePageState(spendCodec)
  const now = Date.now()
  const usual = usualSpan(now)
  const span = whole.span === auto ? usual : whole.span
  const days = daysOf(span, now)
  const { current, settle } = useFinest(whole.by, finest, JSON.stringify([selectionOf({ ...whole, span }), days]))
  const state = { ...whole, span, by: current }
  const answers = useSpend(state, days)
  const { now: sums, before } = answers
  const { data, error, isError, isFetching } = sums
  settle(
    sums.isPlaceholderData ? undefined : data?.currencies.reduce((most, of) => Math.max(most, of.groups.length), 0),
  )
  const again = (): void => {
    for (const query of Object.values(answers)) query.refetch().catch(reportError)
  }
  return (
    <div className="page spend">
      <h1 className="spoken">{spendText.spend}</h1>
      <PageBar
        active={[spanNames[state.span], groupNames[state.by], ...filters.map((name) => state[name]), state.tags]}
        filter={
          <>
            <LabelledSelect
              label={spendText.span}
              value={whole.span}
              values={[auto, ...spans]}
              textOf={(name) => (name === auto ? generalText.automatic(spanNames[usual]) : spanNames[name])}
              onChange={(chosen) => set({ span: chosen })}
            />
            <GroupSelect by={whole.by} current={current} onBy={(by) => set({ by })} />
          </>
        }
        more={<Selected state={state} set={set} />}
      >
        <span className="number spend-days" role="status">
          {days.from} – {lastDay(days)}
        </span>
        <span className="grow" />
        <ExportRows
          name={spendText.spend}
          read={() => Promise.resolve(data === undefined ? [] : shownGroups(data, before.data, state.by))}
          columns={shownColumns(state.by)}
          raw={(group) => rawGroup(group, state.by)}
        >
          <FocusLink state={state} days={days} />
        </ExportRows>
        <AddToDashboard of={spendPanel(state, 'chart')} />
        <RefreshButton onClick={again} />
      </PageBar>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {isError && data !== undefined && <StaleNotice error={error} onRetry={again} />}
      <div
        className="page-scroll spend-parts"
        tabIndex={0}
        role="region"
        aria-label={spendText.spend}
        aria-busy={isFetching}
      >
        {state.by === 'tag' && state.tag === '' ? (
          <Keys of={answers.tags} onTag={(tag) => set({ tag })} />
        ) : data === undefined ? (
          !isError ? (
            <Loading what={spendText.spend} />
          ) : (
            <NoAnswer error={error} needsStore={spendText.needsStore} onRetry={again} />
          )
        ) : data.currencies.length === 0 ? (
          <Nothing state={state} days={days} set={set} />
        ) : (
          data.currencies.map((of) => (
            <Currency
              key={of.currency}
              of={of}
              before={ofCurrency(before.data, of)}
              isCompared={before.data !== undefined}
              parts={ofCurrency(answers.parts.data, of)}
              allocation={ofCurrency(answers.allocation.data, of)}
              movers={ofCurrency(answers.movers.data, of)}
              forecast={ofCurrency(answers.forecast.data, of)}
              month={answers.forecast.data?.month ?? ''}
              days={{ ...daysBefore(days), to: lastDay(daysBefore(days)) }}
              state={state}
              onOnly={onlyOf({ state, set })}
            />
          ))
        )}
        <TransfersPart
          days={days}
          by={whole.transfers}
          onBy={(transfers) => set({ transfers })}
          menu={<AddToDashboard of={transfersPanel(state)} as="mark" />}
        />
      </div>
    </div>
  )
}

function FocusLink({ state, days }: Readonly<{ state: SpendState; days: Days }>) {
  return (
    <a href={pathOf('/api/v1/spend/export', { ...selectionOf(state), ...days })} download="weir-spend.csv">
      {spendText.exportFocus}
    </a>
  )
}

type GroupSelectProps = Readonly<{
  by: SpendChoice['by']
  /** The group that is shown, if `by` is automatic. */
  current: SpendState['by']
  onBy: (by: SpendChoice['by']) => void
}>

function GroupSelect({ by, current, onBy }: GroupSelectProps) {
  return (
    <LabelledSelect
      label={spendText.group}
      value={by}
      values={[auto, ...groups]}
      textOf={(group) => (group === auto ? generalText.automatic(groupNames[current]) : groupNames[group])}
      onChange={onBy}
    />
  )
}

function ofCurrency<T extends { readonly currency: string }>(
  answer: { readonly currencies: readonly T[] } | undefined,
  { currency }: { readonly currency: string },
): T | undefined {
  return answer?.currencies.find((candidate) => candidate.currency === currency)
}

/** A selected group is divided by the next column. */
const nextBy = (filter: Filter): SpendState['by'] =>
  filter === 'service' || filter === 'resource' ? 'resource' : 'service'

const lastDay = ({ to }: Days): string => new Date(Date.parse(to) - 86_400_000).toISOString().slice(0, 10)

type PartProps = Readonly<{ state: SpendState; set: PageState<SpendState>['set'] }>

/** Selects one group of the chart; undefined: its values are no filter. */
function onlyOf({ state, set }: PartProps): ((value: string) => void) | undefined {
  const filter = filters.find((candidate) => candidate === state.by)
  if (filter !== undefined) return (value) => set({ [filter]: [value], by: nextBy(filter) })
  if (state.by !== 'tag') return undefined
  return (value) => set({ tags: [...state.tags, `${state.tag}=${value}`], by: 'service', tag: '' })
}

function Selected({ state, set }: PartProps): React.ReactNode {
  const selected = filters.filter((name) => state[name].length > 0)
  const isByTag = state.by === 'tag' && state.tag !== ''
  if (!isFiltered(state) && !isByTag) return null
  return (
    <div className="quick">
      <div role="group" aria-label={spendText.filters}>
        {selected.map((name) => (
          <button key={name} type="button" className="chip" aria-pressed="true" onClick={() => set({ [name]: [] })}>
            {spendText.without(groupNames[name], state[name].join(', '))}
          </button>
        ))}
        {state.tags.map((pair) => (
          <button
            key={pair}
            type="button"
            className="chip"
            aria-pressed="true"
            onClick={() => set({ tags: state.tags.filter((kept) => kept !== pair) })}
          >
            {spendText.without(groupNames.tag, pair)}
          </button>
        ))}
        {isByTag && (
          <button
            type="button"
            className="chip"
            aria-pressed="true"
            title={spendText.allTags}
            onClick={() => set({ tag: '' })}
          >
            {spendText.ofTag(state.tag)} ✕
          </button>
        )}
      </div>
    </div>
  )
}

type KeysProps = Readonly<{ of: ReturnType<typeof useSpend>['tags']; onTag: (tag: string) => void }>

function Keys({ of: { data, error, refetch }, onTag }: KeysProps) {
  if (data !== undefined) return <TagKeys of={data} onTag={onTag} />
  if (error === null) return <Loading what={spendText.spend} />
  return <NoAnswer error={error} needsStore={spendText.needsStore} onRetry={() => void refetch().catch(reportError)} />
}

function Nothing({ state, days, set }: PartProps & { readonly days: Days }): React.ReactNode {
  const none = spendText.noneInSpan(days.from, lastDay(days))
  if (isFiltered(state))
    return (
      <EmptyState title={spendText.noCosts} action={{ text: generalText.clearFilter, onClick: () => set(noFilter) }}>
        {none}
      </EmptyState>
    )
  return (
    <EmptyState
      title={spendText.noCosts}
      action={
        state.span === 'year' ? (
          <CopyButton text={spendText.recipe}>{generalText.copyConfiguration}</CopyButton>
        ) : (
          { text: spendText.showYear, onClick: () => set({ span: 'year' }) }
        )
      }
    >
      <p>{none}</p>
      <p>{spendText.configureHint}</p>
      <pre>{spendText.recipe}</pre>
      <p>
        {generalText.thenRun} <code>{generalText.killHup}</code>
        {spendText.reload}
      </p>
    </EmptyState>
  )
}
