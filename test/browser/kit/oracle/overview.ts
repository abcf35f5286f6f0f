import { portText } from '../../../../console/src/parts/port-names.ts'
import { addressOf, type Case } from './findings.ts'
import { chartOf, panelCsv, sharesOf, tooltipsOf, type ShownChart, type ShownTooltip } from './reading.ts'
import { added, expression, groupsOf, largest, rowsOf, type Group } from './sums.ts'
import { amount, count, groupName, percent, rate, volume, type Measure, packetsPart } from './written.ts'

/** Sum line, chart with tooltips, and top lists of the overview. */
export async function checkOverview(one: Case): Promise<void> {
  const { page, sql, view, findings } = one
  const rows = rowsOf(view, 'time_end')
  const all = await groupsOf(sql, rows, [])
  const looks = [view.charted, 'talkers', 'ports', 'pairs'].map((panel) => `${panel}.${view.top}`).join()
  const panels = [view.charted, 'talkers', 'ports', 'pairs'].join()
  await page.goto(addressOf(one, { view: 'overview', dim: view.dim, by: view.by, panels, looks }))
  if (added(all, 'flows') === 0) return page.getByText('No flow matches').waitFor()
  const sums = page.locator('.overview-sum')
  await sums.getByText('flows').waitFor()
  const parts = [
    `${count(added(all, 'flows'))} flows`,
    volume(added(all, 'bytes')),
    ...packetsPart({ packets: added(all, 'packets'), flows: added(all, 'flows') }),
  ]
  findings.equal('sum line', (await sums.textContent())?.split(' · ').slice(0, parts.length), parts)

  const panel = page.locator('.overview-panel').filter({ has: page.locator('figure') })
  await panel.locator('canvas').first().waitFor({ state: 'attached' })
  const tooltips = await tooltipsOf(page, panel, [0.02, 0.31, 0.66, 0.98], view.from)
  const chart = await chartOf(panel, view.from)
  await checkChart(one, { chart, tooltips, rows, time: 'time_end', field: view.dim, measure: view.charted })
  const written = (at: number): string => new Date(at).toISOString().replace('T', ' ').replace('Z', '')
  findings.equal('CSV of the chart, as shown', await panelCsv(page, panel, 'as shown'), [
    ['From (UTC)', ...chart.names],
    ...chart.rows.map(({ at, cells }) => [written(at), ...cells]),
  ])

  const endpoint = /^(?:src|dst)_(?!port)(.+)$/.exec(view.dim)?.[1] ?? 'endpoint'
  const ends = [`src_${endpoint}`, `dst_${endpoint}`]
  const lists: readonly (readonly [title: RegExp, fields: readonly string[], between: string])[] = [
    [/^Largest by/, [view.dim], ''],
    [/^Service ports/, ['service_port'], ''],
    [/^Source to destination/, ends, ' → '],
  ]
  for (const [title, fields, between] of lists) {
    const list = page.getByRole('region', { name: title })
    await list.locator('.shares tfoot').waitFor()
    const groups = await groupsOf(sql, rows, fields.map(expression))
    const nameOf = ({ cells }: Group): string =>
      cells.map((cell, at) => groupName(fields[at] ?? '', cell, portText)).join(between)
    const shown = await sharesOf(list)
    checkList(one, String(title), shown, groups, nameOf)
    findings.equal(
      `${String(title)}, CSV as shown`,
      (await panelCsv(page, list, 'as shown')).slice(1),
      shown.slice(0, -1).map(({ name, amount: sum, percent: share }) => [name, sum, share]),
    )
    const listed = groups.map(({ cells, sums: own }) =>
      JSON.stringify([...cells.map(text), 'false', String(own[view.by])]),
    )
    const [, ...raw] = await panelCsv(page, list, 'raw')
    const unknown = raw.filter((cells) => cells.at(-2) === 'false' && !listed.includes(JSON.stringify(cells)))
    findings.equal(`${String(title)}, raw CSV`, unknown, [])
    const saved = raw.reduce((sum, cells) => sum + Number(cells.at(-1)), 0)
    findings.equal(`${String(title)}, sum of the raw CSV`, saved, added(groups, view.by))
  }
}

const text = (cell: unknown): string | null => (cell === null ? null : String(cell as string | number))

function checkList(
  { view: { by, top }, findings }: Case,
  title: string,
  shown: Awaited<ReturnType<typeof sharesOf>>,
  groups: readonly Group[],
  nameOf: (group: Group) => string,
): void {
  const named = new Map(groups.map((group) => [nameOf(group), group.sums[by]]))
  const total = added(groups, by)
  const listed = shown.slice(0, Math.min(top, groups.length))
  const line = (name: string, sum: number): unknown => ({
    name,
    exact: count(sum),
    amount: amount(by, sum),
    percent: percent(sum, total),
  })
  findings.equal(
    `${title}, amounts`,
    listed.map(({ name }) => named.get(name)),
    largest(groups, by, top),
  )
  const left = total - listed.reduce((sum, { name }) => sum + (named.get(name) ?? 0), 0)
  const remaining = groups.length - listed.length
  findings.equal(title, shown, [
    ...listed.map(({ name }) => line(name, named.get(name) ?? Number.NaN)),
    ...(remaining > 0 ? [line(`${count(remaining)} ${remaining === 1 ? 'other' : 'others'}`, left)] : []),
    { name: 'Total', exact: count(total), amount: amount(by, total), percent: '' },
  ])
}

/** Each value of a chart, and its tooltips. */
export async function checkChart(
  { sql, view, findings }: Case,
  about: {
    readonly chart: ShownChart
    readonly tooltips: readonly ShownTooltip[]
    readonly rows: string
    readonly time: string
    readonly field: string
    readonly measure: Measure
    readonly top?: number
  },
): Promise<void> {
  const { chart, tooltips, rows, field, measure, time, top = view.top } = about
  const seconds = ((chart.rows[1]?.at ?? Number.NaN) - (chart.rows[0]?.at ?? Number.NaN)) / 1000
  const first = Math.floor(view.from / 1000 / seconds)
  const times = Array.from(
    { length: Math.ceil(view.to / 1000 / seconds) - first },
    (_, at) => (first + at) * seconds * 1000,
  )
  findings.equal(
    'times of the chart',
    chart.rows.map(({ at }) => at),
    times,
  )
  const groups = await groupsOf(sql, rows, [expression(field)])
  const names = new Map(groups.map((group) => [groupName(field, group.cells[0], portText), group]))
  const drawn = chart.names.slice(0, Math.min(top, groups.length))
  findings.equal('names of the chart', chart.names, [
    ...drawn,
    ...(groups.length > drawn.length ? ['others'] : []),
    'total',
  ])
  findings.equal(
    'series of the chart',
    drawn.map((name) => names.get(name)?.sums[measure]),
    largest(groups, measure, top),
  )
  const buckets = await groupsOf(sql, rows, [expression(field), `epoch_us(${time}) // ${seconds * 1e6}`])
  const sums = new Map<number, Map<string, number>>()
  for (const { cells, sums: own } of buckets) {
    const at = Number(cells[1]) * seconds * 1000
    const bucket = sums.get(at) ?? new Map<string, number>()
    const name = groupName(field, cells[0], portText)
    const key = drawn.includes(name) ? name : 'others'
    for (const each of [key, 'total']) bucket.set(each, (bucket.get(each) ?? 0) + own[measure])
    sums.set(at, bucket)
  }
  const valueAt = (at: number, name: string): string => rate(measure, sums.get(at)?.get(name) ?? 0, seconds)
  findings.equal(
    'values of the chart',
    chart.rows,
    chart.rows.map(({ at }) => ({ at, cells: chart.names.map((name) => valueAt(at, name)) })),
  )
  for (const { at, lines } of tooltips) {
    findings.equal(
      `tooltip at ${new Date(at).toISOString()}`,
      lines.map(([name, value]) => `${name} ${value}`).toSorted(),
      chart.names.map((name) => `${name} ${valueAt(at, name)}`).toSorted(),
    )
    const ordered = lines.slice(0, drawn.length).map(([name]) => sums.get(at)?.get(name) ?? 0)
    findings.equal(
      'order of the tooltip',
      ordered,
      ordered.toSorted((a, b) => b - a),
    )
  }
}
