import { gridRows } from '../stage.ts'
import { addressOf, type Case } from './findings.ts'
import { savedCsv } from './reading.ts'
import { added, groupsOf, rowsOf, type Group } from './sums.ts'
import { amount, count, groupName, packetsPart, packetsText, volume } from './written.ts'

/** Sum line, list and sums of the topology by a scope. */
export async function checkTopology(one: Case): Promise<void> {
  const { page, sql, view, findings } = one
  const { scope, by } = view
  const fields = [`src_${scope}`, `dst_${scope}`]
  const all = await groupsOf(sql, rowsOf(view, 'time_end'), fields)
  if (all.length === 0) return
  await page.goto(addressOf(one, { view: 'topology', list: '1', scope, by }))
  const drops = by.startsWith('drop_')
  const drawn = drops ? all.filter(({ sums }) => sums[by] > 0) : all
  const line = page.locator('.overview-sum')
  await line.getByText('edge').waitFor()
  const total = added(all, by)
  const text =
    by === 'drop_bytes'
      ? `${volume(total)} dropped`
      : drops
        ? `${count(total)} dropped packets`
        : by === 'bytes'
          ? volume(total)
          : `${count(total)} ${by}`
  findings.equal('amount of the topology', (await line.textContent())?.split(' · ').includes(text), true)
  if (drawn.length === 0) return
  const sums = page.locator('.graph-sum')
  await sums.waitFor()
  const totals = { packets: added(all, 'packets'), flows: added(all, 'flows') }
  const figures = [`${count(added(all, 'bytes'))} bytes`, ...packetsPart(totals), `${count(totals.flows)} flows`]
  const shownSums = (await sums.textContent())?.split(': ')[1]?.split(' · ')
  findings.equal('sums of the topology', shownSums?.slice(0, figures.length), figures)
  const nameOf = ({ cells }: Group): string =>
    cells.map((cell, at) => groupName(fields[at] ?? '', cell, String)).join(' ')
  const named = new Map(all.map((group) => [nameOf(group), group]))
  const shown = (await gridRows(page)).filter(([from]) => from !== 'not drawn')
  findings.equal(
    'list of the topology',
    shown.map((cells) => cells.slice(0, drops ? 6 : 5)),
    shown.map(([from = '', to = '']) => {
      const { sums: own } = named.get(`${from} ${to}`) ?? { sums: undefined }
      if (own === undefined) return [from, to, 'no such edge']
      return [
        from,
        to,
        ...(drops ? [amount(by, own[by])] : []),
        volume(own.bytes),
        packetsText(own) ?? '–',
        count(own.flows),
      ]
    }),
  )
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const [, ...saved] = await savedCsv(page, () => page.getByRole('button', { name: 'Export CSV' }).click())
  // The column of drops and errors arrives later.
  const figuresOf = (cells: readonly (string | null)[]): unknown[] => cells.slice(0, drops ? 7 : 6)
  const listed = saved.slice(0, shown.length)
  findings.equal('CSV of the topology, as shown', listed.map(figuresOf), shown.map(plain).map(figuresOf))
  const [names = [], ...raw] = await savedCsv(page, () => page.getByRole('button', { name: 'Export raw CSV' }).click())
  const sumOf = (name: string): number => raw.reduce((sum, cells) => sum + Number(cells[names.indexOf(name)]), 0)
  findings.equal('sums of the raw CSV of the topology', ['bytes', 'packets', 'flows', 'edges'].map(sumOf), [
    ...(['bytes', 'packets', 'flows'] as const).map((each) => added(all, each)),
    all.length,
  ])
}

/** Counts without separators, absent values empty. */
const plain = (cells: readonly string[]): (string | null)[] =>
  cells.map((cell) =>
    cell === '' || cell === '–' ? null : /^\d{1,3}(,\d{3})+$/.test(cell) ? cell.replaceAll(',', '') : cell,
  )
