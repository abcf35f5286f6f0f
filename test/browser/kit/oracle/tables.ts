import { portNames } from '../../../../console/src/parts/port-names.ts'
import { gridRows } from '../stage.ts'
import { addressOf, type Case } from './findings.ts'
import { checkChart } from './overview.ts'
import { chartOf, savedCsv, tooltipsOf } from './reading.ts'
import { added, expression, groupsOf, largest, rowsOf, type Group } from './sums.ts'
import { estimate } from './views.ts'
import { count, percent, protocol, tcpFlags, volume, type Measure, packetsPart } from './written.ts'

type Row = Readonly<Record<string, string | number | null>>

const raw = ['time_received', ...ends('src'), 'src_port', ...ends('dst'), 'dst_port', 'proto', 'bytes_est', 'sampling']
const columns = [...raw, 'packets_est', 'tcp_flags']
const titles = [
  'Received (UTC)',
  'Source',
  'Port (src_port)',
  'Destination',
  'Port (dst_port)',
  'Protocol',
  'Bytes',
  'Packets',
  'Flags',
]

function ends(end: 'src' | 'dst'): string[] {
  return ['name', 'namespace', 'label', 'addr'].map((part) => `${end}_${part}`)
}

/** Line, chart, rows and CSV of the table of flows. */
export async function checkTable(one: Case): Promise<void> {
  const { page, sql, view, findings } = one
  const rows = rowsOf(view, 'time_received')
  const all = await groupsOf(sql, rows, [])
  const flows = added(all, 'flows')
  await page.goto(addressOf(one, { view: 'table', sort: view.sort }))
  if (flows === 0) return page.getByText('No flow matches').waitFor()
  const line = page.locator('.page-line .number').first()
  await page.locator('.volume canvas').first().waitFor({ state: 'attached' })
  findings.equal('line', (await line.textContent())?.split(' · ').slice(0, 2), [
    `${count(Math.min(500, flows))} of ${count(flows)} flows`,
    volume(added(all, 'bytes')),
  ])
  const chart = page.locator('.volume')
  const tooltips = await tooltipsOf(page, chart, [0.05, 0.5, 0.95], view.from)
  await checkChart(one, {
    chart: await chartOf(chart, view.from),
    tooltips,
    rows,
    time: 'time_received',
    field: 'src_endpoint',
    measure: 'bytes',
    top: 5,
  })

  const order = view.sort === '' ? [] : [`${view.sort.replace('-', '')} ${view.sort.startsWith('-') ? 'DESC' : 'ASC'}`]
  const wanted = await sql<Row>(
    `SELECT strftime(time_received AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%g') AS received,
      strftime(time_received AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS time_received,
      ${columns.slice(1).join(', ')} FROM (SELECT * REPLACE (${estimate('bytes')}::VARCHAR AS bytes_est,
      ${estimate('packets')}::VARCHAR AS packets_est),
      ${estimate('bytes')} AS _bytes, ${estimate('packets')} AS _packets
      FROM ${rows}) ORDER BY ${[...order.map(exact), 'time_received DESC', '_pos'].join(', ')}`,
  )
  const shown = await gridRows(page)
  findings.equal('rows of the table', shown, wanted.slice(0, shown.length).map(cellsOf))
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const saved = await savedCsv(page, () => page.getByRole('button', { name: 'CSV, as shown' }).click())
  findings.equal('titles of the CSV as shown', saved[0], titles)
  findings.equal('CSV as shown', saved.slice(1), wanted.map(shownCells))
  const plain = await savedCsv(page, () => page.getByRole('link', { name: 'CSV, visible columns, raw values' }).click())
  const [names = [], ...values] = plain
  findings.equal('columns of the raw CSV', new Set(names), new Set(columns))
  findings.equal(
    'raw CSV',
    values.map((cells) => columns.map((name) => timeless(cells[names.indexOf(name)] ?? null))),
    wanted.map((row) => columns.map((name) => timeless(text(row[name])))),
  )
}

/** Estimates are sorted as numbers. NULL is last. */
const exact = (order: string): string => `${order.replace(/^(bytes|packets)_est/, '_$1')} NULLS LAST`
const text = (value: unknown): string | null => (value === null ? null : String(value as string | number))
/** Without trailing zeros of a fraction of a second. */
const timeless = (cell: string | null): string | null => cell?.replace(/(\.\d*?)0*Z$/, '$1Z').replace('.Z', 'Z') ?? null
const figure = (value: unknown): string => (value === null ? '–' : count(BigInt(value as string)))

function endOf(row: Row, end: 'src' | 'dst'): readonly [name: string, beside: string] {
  const name = row[`${end}_name`] ?? null
  const beside = row[`${end}_namespace`] ?? row[`${end}_label`] ?? null
  return [String(name ?? row[`${end}_addr`]), beside === null || beside === name ? '' : String(beside)]
}

function cellsOf(row: Row): string[] {
  const [today, received] = [new Date().toISOString().slice(0, 10), String(row['received'])]
  const sampling = Number(row['sampling'] ?? 1)
  const estimated = (value: unknown): string =>
    figure(value) + (sampling > 1 && value !== null ? ` ≈×${count(sampling)}` : '')
  return [
    received.startsWith(today) ? received.slice(11) : received,
    endOf(row, 'src').join(''),
    text(row['src_port'] ?? null) ?? '–',
    endOf(row, 'dst').join(''),
    text(row['dst_port'] ?? null) ?? '–',
    protocol(row['proto'] as number | null),
    estimated(row['bytes_est']),
    estimated(row['packets_est']),
    tcpFlags(row['tcp_flags'] as number | null),
  ]
}

function shownCells(row: Row): (string | null)[] {
  const cells = cellsOf(row)
  const named = (end: 'src' | 'dst'): string => endOf(row, end).join(' ').trim()
  return [
    String(row['received']),
    named('src'),
    text(row['src_port'] ?? null),
    named('dst'),
    text(row['dst_port'] ?? null),
    cells[5] ?? '',
    text(row['bytes_est'] ?? null),
    text(row['packets_est'] ?? null),
    cells[8] === '–' || cells[8] === '' ? null : (cells[8] ?? null),
  ]
}

const summed = ['bytes', 'packets', 'flows'] as const

/** Rows, footer and CSV of groups. */
export async function checkGroups(one: Case): Promise<void> {
  const { page, sql, view, findings } = one
  const { group, by } = view
  const rows = rowsOf(view, 'time_received')
  const groups = await groupsOf(sql, rows, group.map(expression))
  if (groups.length === 0) return
  await page.goto(addressOf(one, { view: 'table', group: group.join(), by }))
  const foot = page.locator('.table-foot span')
  await foot.waitFor()
  const measures: readonly Measure[] = by.startsWith('drop_') ? [...summed, by] : summed
  const [bytes, packets, flows] = summed.map((measure) => added(groups, measure)) as [number, number, number]
  const which = groups.length > 500 ? `All ${count(groups.length)}` : 'All'
  findings.equal(
    'footer of the groups',
    await foot.textContent(),
    [
      `${which} groups: ${volume(bytes)}`,
      ...packetsPart({ packets, flows }),
      `${count(flows)} ${flows === 1 ? 'flow' : 'flows'}`,
    ].join(' · '),
  )
  const total = added(groups, by)
  const written = ({ cells, sums, absent }: Group, figures: (sum: number) => string): string[] => [
    ...cells.map((cell, at) => groupCell(group[at] ?? '', cell)),
    ...measures.map((measure) => (absent.includes(measure) ? '–' : figures(sums[measure]))),
    percent(sums[by], total),
  ]
  const byCells = new Map(groups.map((each) => [JSON.stringify(written(each, count).slice(0, group.length)), each]))
  const found = (cells: readonly unknown[]): Group | undefined =>
    byCells.get(JSON.stringify(cells.slice(0, group.length)))
  const shown = await gridRows(page)
  const amounts = (all: readonly (readonly unknown[])[]): unknown[] => all.map((cells) => found(cells)?.sums[by])
  findings.equal('order of the groups', amounts(shown), largest(groups, by, shown.length))
  findings.equal(
    'rows of the groups',
    shown,
    shown.map((cells) => written(found(cells) ?? none, count)),
  )
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  for (const way of ['as shown', 'raw values'] as const) {
    const [, ...saved] = await savedCsv(page, () => page.getByRole('button', { name: way }).click())
    const read = saved.map((cells) =>
      cells.map((cell, at) =>
        way === 'as shown' || at >= group.length ? (cell ?? '–') : groupCell(group[at] ?? '', cell),
      ),
    )
    findings.equal(`order of the groups, ${way}`, amounts(read), largest(groups, by, saved.length))
    findings.equal(
      `groups, ${way}`,
      read,
      read.map((cells) => written(found(cells) ?? none, String).slice(0, cells.length)),
    )
    findings.equal(`number of groups, ${way}`, saved.length, groups.length)
  }
}

const none: Group = { cells: [], absent: [], sums: { bytes: 0, packets: 0, flows: 0, drop_bytes: 0, drop_packets: 0 } }

function groupCell(field: string, value: unknown): string {
  if (value === null) return '–'
  if (field === 'proto') return protocol(Number(value))
  if (/^(?:service|src|dst)_port$/.test(field)) return [value, portNames[Number(value)] ?? ''].join(' ').trim()
  if (field === 'sampling') return Number(value) === 1 ? 'none' : `1 : ${count(Number(value))}`
  return String(value as string | number)
}
