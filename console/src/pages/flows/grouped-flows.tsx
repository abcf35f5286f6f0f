import type { FlowGroups } from '../../../../src/api/published.ts'
import { useMemo, useState } from 'react'
import { difference } from '../../parts/difference.ts'
import { count, counted, plainText, volume } from '../../parts/format.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import { packetsPart } from '../../parts/packet-count.ts'
import { RefreshButton } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import type { FlowColumn } from '../../parts/flows/columns.tsx'
import { andFilter } from '../../parts/filter-text.ts'
import { CsvExport, shownTable } from './csv-export.tsx'
import { questionQuery } from './flow-filter.ts'
import { CompareSelect } from './compare-select.tsx'
import { GroupPicker } from './group-picker.tsx'
import { groupRows, qualified, type GroupRow } from './groups.ts'
import { sourceText } from './source-text.ts'
import { TablePanel } from './table-panel.tsx'
import { useTable } from './use-table.ts'
import { Running } from '../../parts/query-status.tsx'
import { portText } from '../../parts/port-names.ts'
import { flowQueryOf } from './overview/flow-query.ts'
import { conditionOf } from '../../parts/endpoint-condition.ts'
import { useEarlierGroups, withEarlier, type EarlierSums } from './overview/earlier.ts'
import { earlierNames } from './overview/earlier-names.ts'
import { amountOf, measureNames, percent } from './overview/names.ts'
import { offsetSeconds } from './overview/queries.ts'
import { measures, type Earlier, type Measure } from './overview/state.ts'
import { sharesOf } from './overview/sums.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { resized } from './parameters.ts'
import type { FlowViewProps } from './views.ts'
import { flowsText } from '../../parts/flows/text.ts'
import { panelsText } from './overview/text.ts'

const path = '/api/v1/flows'
const liveRefresh = 5
/** Shown with the names of their services. */
const ports: ReadonlySet<string> = new Set(['service_port', 'src_port', 'dst_port'])
const [defaultLimit, maxGroups, leastEarlier] = [500, 10_000, 1000]
const none: readonly string[] = []

export default function GroupedFlows({ state, set, columns, tabs }: FlowViewProps): React.ReactNode {
  const { live, t, refresh, group, by, w } = state
  const { revision, again } = useRefresh(live ? (refresh === 0 ? liveRefresh : refresh) : isMoving(t) ? refresh : 0)
  const [limit, setLimit] = useState(defaultLimit)
  const { query, table, earlier, rows, compared } = useReadGroups(state, limit, revision)
  const { data, busy, cancel } = table
  const grid = useMemo(
    () => (data === undefined ? [] : groupColumns(data, columns, by, w, compared)),
    [data, columns, by, w, compared],
  )
  const open = ({ cells }: GroupRow) => {
    if (data !== undefined && cells !== undefined)
      set({ q: andFilter(state.q, conditionOf(fieldsOf(data), cells)), group: [], live: false, sel: '' })
  }
  const groups = Number(data?.total.groups ?? 0)
  const shown = data?.rows.length ?? 0
  return (
    <>
      <div className={table.stale ? 'page-line stale' : 'page-line'}>
        {tabs}
        <span className="number" role="status">
          {data !== undefined && groupsText(data)}
        </span>
        {busy && !live && <Running onCancel={cancel} />}
        <div className="end">
          {!live && <RefreshButton onClick={again} />}
          <CompareSelect state={state} set={set} />
          <GroupPicker all={columns} group={group} onChange={(fields) => set({ group: fields, sel: '' })} />
          <CsvExport<FlowGroups>
            path={path}
            query={{ ...query, limit: maxGroups }}
            file="weir-groups.csv"
            title={flowsText.exportGroups}
            action={flowsText.csvAllGroups}
            hint={flowsText.groupsHint(count(maxGroups))}
            table={(answer) =>
              shownTable(groupColumns(answer, columns, by, w, compared), groupRows(answer, fieldsOf(answer).length))
            }
            savedText={savedText}
          />
        </div>
      </div>
      <TablePanel
        state={state}
        set={set}
        result={table}
        title={flowsText.groupsOfFlows}
        what={flowsText.groupsInText}
        empty={groups === 0}
        foot={({ total }) =>
          groups > 0 && (
            <Foot
              total={total}
              shown={shown}
              earlier={earlier === undefined ? '' : comparedText(Number(total[by] ?? 0), earlier, by, state.before)}
              onAll={limit < maxGroups ? () => setLimit(maxGroups) : undefined}
            />
          )
        }
      >
        <Grid
          label={flowsText.groupsOfFlows}
          columns={grid}
          rows={rows}
          rowKey={({ key }) => key}
          total={rows.length}
          sort={`-${by}`}
          onOpen={open}
          onResize={(id, width) => set({ w: resized(w, id, width) }, 'replace')}
          onSort={(id) => {
            const measure = measures.find((candidate) => candidate === id)
            if (measure !== undefined) set({ by: measure })
          }}
        />
      </TablePanel>
    </>
  )
}

/** The groups of a view, and the sums of the same groups in the earlier range. */
function useReadGroups(state: FlowViewProps['state'], limit: number, revision: number) {
  const { live, t, by } = state
  const flowQuery = useMemo(
    () => flowQueryOf(state, revision),
    [state.filter, state.both, state.once, t, live, revision],
  )
  const { t: span, revision: _, ...question } = flowQuery
  const query = {
    ...questionQuery(question),
    from: span.from,
    to: span.to,
    group: state.group.join(','),
    by,
    time: 'time_received',
  }
  const table = useTable<FlowGroups>(path, { ...query, limit }, revision)
  const { data, busy } = table
  const fields = useMemo(() => (data === undefined ? none : fieldsOf(data)), [data])
  const earlier = useEarlierGroups(
    { data, isPlaceholderData: busy },
    {
      path,
      flowQuery,
      query: { group: query.group, by, time: query.time },
      fields,
      column: by,
      limit: Math.max(limit, leastEarlier),
      seconds: live ? 0 : offsetSeconds(state.before, t),
    },
  )
  const rows = useMemo(() => (data === undefined ? [] : groupRows(data, fieldsOf(data).length)), [data])
  const compared = useMemo(() => comparedGroups(rows, earlier, fields, data, by), [rows, earlier, fields, data, by])
  return { query, table, earlier, rows, compared }
}

function groupsText(data: FlowGroups) {
  const [shown, groups] = [data.rows.length, Number(data.total.groups ?? 0)]
  const text =
    shown === groups ? counted(groups, 'group') : flowsText.largestGroups(count(shown), counted(groups, 'group'))
  return [text, sourceText(data)].join(' · ')
}

function savedText({ rows: { length }, others }: FlowGroups) {
  const left = Number(others.groups ?? 0)
  return left === 0 ? flowsText.savedAllGroups(count(length)) : flowsText.savedLargestGroups(count(length), count(left))
}

type FootProps = Readonly<{
  total: FlowGroups['total']
  shown: number
  /** Empty: not compared. */
  earlier: string
  /** Undefined: as many as possible are shown. */
  onAll: (() => void) | undefined
}>

function Foot({ total, shown, earlier, onAll }: FootProps) {
  const groups = Number(total.groups ?? 0)
  return (
    <div className="table-foot">
      <span>
        {flowsText.groupTotals(
          shown === groups ? flowsText.all : flowsText.allGroupsCount(count(groups)),
          volume(Number(total.bytes)),
          packetsPart(total),
          counted(Number(total.flows), 'flow'),
        )}
        {earlier !== '' && ` · ${earlier}`}
      </span>
      {shown < groups && onAll !== undefined && (
        <button type="button" onClick={onAll}>
          {flowsText.showGroups(groups > maxGroups ? flowsText.groupCount(count(maxGroups)) : flowsText.allGroups)}
        </button>
      )}
    </div>
  )
}

/** Amounts of the earlier range by the key of a row; undefined: not known. */
type Compared = ReadonlyMap<string, number | undefined>

function comparedGroups(
  rows: readonly GroupRow[],
  earlier: EarlierSums | undefined,
  fields: readonly string[],
  data: FlowGroups | undefined,
  by: Measure,
): Compared | undefined {
  if (earlier?.isStored !== true || data === undefined) return undefined
  const { shares } = withEarlier(sharesOf(data, fields, by), earlier)
  return new Map(rows.map(({ key }, at) => [key, shares[at]?.earlier]))
}

function comparedText(now: number, { total, note }: EarlierSums, by: Measure, before: Earlier) {
  if (total === undefined) return note
  return panelsText.comparedTotal(earlierNames[before], amountOf(by, total), difference(now, total))
}

function fieldsOf({ columns }: FlowGroups): readonly string[] {
  return columns
    .slice(
      0,
      columns.findIndex(({ name }) => name === 'bytes'),
    )
    .map(({ name }) => name)
}

function groupColumns(
  data: FlowGroups,
  columns: ReadonlyMap<string, FlowColumn>,
  by: Measure,
  widths: Readonly<Record<string, number>>,
  compared: Compared | undefined,
): readonly GridColumn<GroupRow>[] {
  const fields = fieldsOf(data)
  const sums = data.columns.slice(fields.length).map(({ name }) => name)
  const [place, total] = [
    sums.indexOf(by),
    Number((data.total as unknown as Readonly<Record<string, unknown>>)[by] ?? 0),
  ]
  const sized = (id: string, width: number, grow: number) =>
    widths[id] === undefined ? { width, grow } : { width: widths[id], grow: 0, isSized: true }
  return [
    ...fields.map((name, index): GridColumn<GroupRow> => {
      const { title = name, hint = '', cell } = columns.get(name) ?? {}
      return {
        id: name,
        title: qualified(name, title),
        hint,
        ...sized(name, 150, 2),
        cell: ({ cells }) =>
          cells === undefined ? (
            index === 0 ? (
              <i>{counted(Number(data.others.groups ?? 0), 'otherGroup')}</i>
            ) : null
          ) : cell === undefined ? (
            plainText(cells[index])
          ) : ports.has(name) && cells[index] !== null ? (
            <span className="mono">{portText(Number(cells[index]))}</span>
          ) : (
            cell(() => cells[index] ?? null)
          ),
      }
    }),
    ...sums.map((name, index): GridColumn<GroupRow> => ({
      id: name,
      title: measures.find((candidate) => candidate === name) === undefined ? name : measureNames[name as Measure],
      hint: name === 'flows' ? flowsText.flowsOfTheGroup : flowsText.groupTotalHint,
      ...sized(name, 110, 1),
      end: true,
      sortable: true,
      cell: ({ sums: values }) => count(values[index] as number | string | null),
    })),
    {
      id: 'share',
      title: flowsText.share,
      hint: flowsText.shareOf(measureNames[by].toLowerCase()),
      ...sized('share', 84, 0),
      end: true,
      cell: ({ sums: values }) => percent(Number(values[place] ?? 0), total),
    },
    ...(compared === undefined
      ? []
      : [
          {
            id: 'earlier',
            title: panelsText.earlier,
            hint: flowsText.earlierHint(measureNames[by].toLowerCase()),
            ...sized('earlier', 110, 1),
            end: true,
            cell: ({ key }: GroupRow) => count(compared.get(key) ?? null),
          },
          {
            id: 'change',
            title: panelsText.change,
            hint: flowsText.changeHint,
            ...sized('change', 96, 0),
            end: true,
            cell: ({ key, sums: values }: GroupRow) => difference(Number(values[place] ?? 0), compared.get(key)) || '–',
          },
        ]),
  ]
}
