import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { difference } from '../../../console/src/parts/difference.ts'
import { measureNames, valueName } from '../../../console/src/pages/flows/overview/names.ts'
import { useBigStage } from '../kit/big-stage.ts'
import { figuresOf } from '../kit/saved.ts'
import { chromiumPath, gridRows, useStage, violations } from '../kit/stage.ts'

const hour = 3_600_000
const pollOptions = { timeout: 30_000 }

async function settled(page: Page, name: string | RegExp): Promise<Locator> {
  const panel = page.getByRole('region', { name, exact: true })
  await panel.locator('canvas, .shares tbody tr').first().waitFor()
  await expect
    .poll(
      async () =>
        (await panel.getAttribute('aria-busy')) !== 'true' &&
        (await panel.getByText('Groups may be short').count()) === 0,
    )
    .toBe(true)
  return panel
}

describe.skipIf(chromiumPath === undefined)('chromium: graphs of data set D', () => {
  const stage = useBigStage()
  const iso = (at: number): string => new Date(at).toISOString()
  /** Whole hours of the data set, for the URL and for SQL. */
  const hours = (from: number, to: number): { t: string; sql: string } => {
    const end = Math.floor(stage.span.to / hour) * hour
    const [a, b] = [iso(end - from * hour), iso(end - to * hour)]
    return { t: `${a}..${b}`, sql: `time_end >= TIMESTAMPTZ '${a}' AND time_end < TIMESTAMPTZ '${b}'` }
  }
  /** High enough to load all panels, which wait until they are near the viewport. */
  const open = (t: string, more: string): Promise<Page> =>
    stage.page(`/flows?v=1&live=0&view=overview&t=${t}&${more}`, { viewport: { width: 1440, height: 3600 } })

  test('check 24: in every chart the largest and the others add up to the total, which matches SQL', async () => {
    const { t, sql } = hours(6, 0)
    const page = await open(
      t,
      'dim=src_namespace&panels=bytes,packets,flows,droppackets,dropbytes,dropstates,dropcauses',
    )
    const sums: readonly (readonly [string, string, string])[] = [
      ['Bytes per second by source namespace', 'bytes_est', 'src_namespace'],
      ['Packets per second by source namespace', 'packets_est', 'src_namespace'],
      ['Flows per second by source namespace', '1', 'src_namespace'],
      ['Dropped packets per second by source namespace', 'drop_packets', 'src_namespace'],
      ['Dropped bytes per second by source namespace', 'drop_bytes', 'src_namespace'],
      ['Dropped packets by state', 'drop_packets', 'drop_state'],
      ['Dropped packets by cause', 'drop_packets', 'drop_cause'],
    ]
    for (const [name, value, field] of sums) {
      const [names = [], ...lines] = await figuresOf(page, await settled(page, name))
      const step = (Date.parse(lines[1]?.[0] ?? '') - Date.parse(lines[0]?.[0] ?? '')) / 1000
      const total = names.indexOf('total per second')
      const amount = (line: readonly string[], at: number): number => Math.round(Number(line[at]) * step)
      for (const line of lines)
        expect({
          name,
          line,
          sum: names.reduce((all, _, at) => (at === 0 || at === total ? all : all + amount(line, at)), 0),
        }).toEqual({ name, line, sum: amount(line, total) })
      const groups = await stage.weir.sql<{ g: string | null; s: number | string }>(
        `SELECT ${field} AS g, sum(${value})::BIGINT AS s FROM flows WHERE ${sql} AND ${value} > 0 GROUP BY ALL
          ORDER BY s DESC, g`,
      )
      const of = (at: number): number => lines.reduce((all, line) => all + amount(line, at), 0)
      expect({ name, sum: of(total) }).toEqual({ name, sum: groups.reduce((all, { s }) => all + Number(s), 0) })
      for (const { g, s } of groups.slice(0, 5))
        expect({ name, g, sum: of(names.findIndex((each) => each === `${valueName(field, g)} per second`)) }).toEqual({
          name,
          g,
          sum: Number(s),
        })
    }
    await page.context().close()
  })

  test('check 24: in every list the largest and the others add up to the total, and each matches SQL', async () => {
    const { t, sql } = hours(6, 0)
    const page = await open(
      t,
      'dim=src_namespace&panels=pairs,talkers,ports,protocols,exporters,droppers,rcodes,dnsnames',
    )
    const drops = '(drop_packets > 0 OR drop_bytes > 0)'
    const dns = '(dns_rcode IS NOT NULL OR dns_latency IS NOT NULL)'
    const lists: readonly (readonly [string, string, string, string, string])[] = [
      ['Source to destination', 'src_namespace', 'dst_namespace', 'bytes_est', 'true'],
      ['Largest by source namespace', 'src_namespace', '', 'bytes_est', 'true'],
      ['Service ports', 'service_port', '', 'bytes_est', 'true'],
      ['Protocols', 'proto', '', 'bytes_est', 'true'],
      ['Exporters', 'exporter_addr', '', 'bytes_est', 'true'],
      ['Most dropped packets by source namespace', 'src_namespace', '', 'drop_packets', drops],
      ['DNS responses by code', 'dns_rcode', '', '1', dns],
      ['DNS query names', 'dns_name', '', '1', dns],
    ]
    for (const [name, first, second, value, condition] of lists) {
      const panel = await settled(page, name)
      const fields = second === '' ? [first] : [first, second]
      const groups = await stage.weir.sql<Record<string, unknown>>(
        `SELECT ${fields.join(', ')}, sum(${value})::BIGINT AS s FROM flows WHERE ${sql} AND ${condition}
          GROUP BY ALL ORDER BY s DESC, ${fields.join(', ')}`,
      )
      const all = groups.reduce((sum, { s }) => sum + Number(s), 0)
      const rest = groups.slice(5).reduce((sum, { s }) => sum + Number(s), 0)
      const shown = await panel
        .locator('table.shares tr')
        .evaluateAll((lines) =>
          lines.map((line) => Number((line.querySelector('td')?.getAttribute('title') ?? '').replaceAll(',', ''))),
        )
      expect({ name, shown }).toEqual({
        name,
        shown: [...groups.slice(0, 5).map(({ s }) => Number(s)), ...(groups.length > 5 ? [rest] : []), all],
      })
      expect(shown.slice(0, -1).reduce((sum, amount) => sum + amount, 0)).toBe(all)
      const [, ...lines] = await figuresOf(page, panel)
      expect(lines.slice(0, 5).map((line) => line.slice(0, fields.length))).toEqual(
        groups.slice(0, 5).map((group) => fields.map((field) => String(group[field] ?? ''))),
      )
    }
    await page.context().close()
  })

  test('check 25: statistics of round trips and DNS responses are over the flows of each bucket', async () => {
    const { t, sql } = hours(6, 0)
    const page = await open(t, 'panels=rtt,dns')
    for (const [name, field, perMs] of [
      [/^Round-trip time/, 'rtt', 1e6],
      [/^DNS response time/, 'dns_latency', 1],
    ] as const) {
      const [, ...lines] = await figuresOf(page, await settled(page, name))
      const step = Date.parse(lines[1]?.[0] ?? '') - Date.parse(lines[0]?.[0] ?? '')
      const wanted = await stage.weir.sql<{
        at: number | string
        least: number
        mean: number
        p90: number
        p99: number
        most: number
      }>(
        `SELECT (epoch_ms(time_end) // ${step}) * ${step} AS at, min(${field}) AS least, avg(${field}) AS mean,
          quantile_disc(${field}, 0.9) AS p90, quantile_disc(${field}, 0.99) AS p99, max(${field}) AS most ` +
          `FROM flows WHERE ${sql} AND ${field} IS NOT NULL GROUP BY 1 ORDER BY 1`,
      )
      expect(wanted.length).toBeGreaterThan(100)
      const near = (value: number): string => value.toPrecision(9)
      expect(
        lines
          .filter((line) => line[1] !== '')
          .map(([at = '', ...values]) => [Date.parse(at), ...values.map((value) => near(Number(value)))]),
      ).toEqual(
        wanted.map(({ at, least, mean, p90, p99, most }) => [
          Number(at),
          ...[least, mean, p90, p99, most].map((value) => near(Number(value) / perMs)),
        ]),
      )
    }
    await page.context().close()
  })

  test('check 25: p90 and p99 of the slowest groups are over their flows', async () => {
    const { t, sql } = hours(6, 0)
    const page = await open(t, 'panels=rttslow,dnsslow&dim=src_namespace')
    for (const [name, field] of [
      ['Longest round trips by source namespace', 'rtt'],
      ['Slowest DNS responses by source namespace', 'dns_latency'],
    ] as const) {
      const [names, ...lines] = await figuresOf(page, await settled(page, name))
      expect(names).toEqual([
        'src_namespace',
        'flows',
        `${field}_min`,
        `${field}_avg`,
        `${field}_p90`,
        `${field}_p99`,
        `${field}_max`,
      ])
      const wanted = await stage.weir.sql<Record<string, unknown>>(
        `SELECT src_namespace AS g, count(*)::INT AS n, min(${field}) AS least, quantile_disc(${field}, 0.9) AS p90,
          quantile_disc(${field}, 0.99) AS p99, max(${field}) AS most FROM flows WHERE ${sql}
            AND ${field} IS NOT NULL GROUP BY 1 ORDER BY p90 DESC, g LIMIT 5`,
      )
      expect(lines.map(([g, n, least, , p90, p99, most]) => [g, n, least, p90, p99, most])).toEqual(
        wanted.map((row) => ['g', 'n', 'least', 'p90', 'p99', 'most'].map((each) => String(row[each] ?? ''))),
      )
    }
    await page.context().close()
  })

  test('check 26: the earlier range behind a chart is the same query, shifted', async () => {
    const panel = 'Bytes per second by source endpoint'
    const filter = `q=${encodeURIComponent('dst_port = 443 or proto = 17')}`
    const [now, before] = [
      await open(hours(4, 0).t, `before=span&panels=bytes&${filter}`),
      await open(hours(8, 4).t, `panels=bytes&${filter}`),
    ]
    await (await settled(now, panel)).locator('.legend', { hasText: 'total, the previous time range' }).waitFor()
    const column = (lines: readonly (readonly string[])[], name: string): string[] =>
      lines.slice(1).map((line) => line[lines[0]?.indexOf(name) ?? -1] ?? '?')
    const [with2, alone] = [
      await figuresOf(now, await settled(now, panel)),
      await figuresOf(before, await settled(before, panel)),
    ]
    expect(column(with2, 'previous total per second')).toEqual(column(alone, 'total per second'))
    expect(column(with2, 'time').map((at) => Date.parse(at) - 4 * hour)).toEqual(
      column(alone, 'time').map((at) => Date.parse(at)),
    )
    const step = (Date.parse(alone[2]?.[0] ?? '') - Date.parse(alone[1]?.[0] ?? '')) / 1000
    const [all] = await stage.weir.sql<{ s: number | string }>(
      `SELECT sum(bytes_est)::BIGINT AS s FROM flows WHERE ${hours(8, 4).sql} AND (dst_port = 443 OR proto = 17)`,
    )
    expect(
      column(with2, 'previous total per second').reduce((sum, rate) => sum + Math.round(Number(rate) * step), 0),
    ).toBe(Number(all?.s))
    await now.context().close()
    await before.context().close()
  })

  test('every list compares its groups with their amounts of the earlier range, as SQL does', async () => {
    const [now, then] = [hours(4, 0), hours(8, 4)]
    const page = await open(now.t, 'before=span&dim=src_addr&panels=talkers,protocols,pairs,boundary')
    const amountsOf = async (fields: string, sql: string): Promise<ReadonlyMap<string, number>> =>
      new Map(
        (
          await stage.weir.sql<Record<string, unknown>>(
            `SELECT ${fields}, sum(bytes_est)::BIGINT AS s FROM flows WHERE ${sql} GROUP BY ALL`,
          )
        ).map((row) => {
          const values = Object.values(row)
          return [values.slice(0, -1).map(String).join(), Number(values.at(-1))]
        }),
      )
    for (const [name, fields] of [
      ['Largest by source address', 'src_addr'],
      ['Protocols', 'proto'],
      ['Source to destination', 'src_addr, dst_addr'],
    ] as const) {
      const panel = await settled(page, name)
      await panel.getByText('Compared with the previous time range').waitFor()
      await expect.poll(() => panel.locator('tbody .change', { hasText: '–' }).count(), pollOptions).toBe(0)
      const [names = [], ...lines] = await figuresOf(page, panel)
      expect(names.at(-1)).toBe('earlier')
      const earlier = await amountsOf(fields, then.sql)
      const all = [...earlier.values()].reduce((sum, amount) => sum + amount, 0)
      const width = fields.split(', ').length
      let left = all
      for (const line of lines.filter((each) => each[width] === 'false')) {
        const amount = earlier.get(line.slice(0, width).join()) ?? 0
        expect({ name, line, amount: Number(line.at(-1)) }).toEqual({ name, line, amount })
        left -= amount
      }
      for (const line of lines.filter((each) => each[width] === 'true')) expect(Number(line.at(-1)), name).toBe(left)
      const total = [...(await amountsOf(fields, now.sql)).values()].reduce((sum, amount) => sum + amount, 0)
      expect(await panel.locator('tfoot .change').textContent()).toBe(difference(total, all))
    }
    expect(await violations(page)).toEqual([])
    const boundary = await settled(page, 'Across the boundary')
    await expect.poll(() => boundary.locator('.change').count(), pollOptions).toBe(5)
    // All of the range before the oldest flow is unknown, not zero.
    await page.goto(page.url().replace('before=span', 'before=1w'))
    await (await settled(page, 'Protocols')).getByText('begins before the oldest stored flow').waitFor()
    expect(await page.getByRole('region', { name: 'Protocols' }).locator('.change').count()).toBe(0)
    await page.context().close()
  })

  test('tooltip and tables show the difference to the earlier range', async () => {
    const { t, sql } = hours(4, 0)
    const page = await open(t, 'before=span&dim=src_namespace&panels=bytes')
    const panel = await settled(page, 'Bytes per second by source namespace')
    const chart = panel.getByRole('slider')
    await chart.focus()
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowLeft')
    await expect
      .poll(() => chart.getAttribute('aria-valuetext'), pollOptions)
      .toMatch(/total [\d.,]+ \w+\/s \((?:[+−][\d.,]+ %|0 %|new)\)/)
    await panel.locator('.chart-read .change').first().waitFor()
    await panel.getByRole('button', { name: 'Table' }).click()
    await expect
      .poll(() => panel.locator('.chart-table tbody td').first().textContent(), pollOptions)
      .toMatch(/\((?:[+−][\d.,]+ %|0 %|new)\)/)
    await page.goto(`${stage.weir.url}/flows?v=1&live=0&view=table&t=${t}&group=src_namespace&before=span`)
    const grid = page.getByRole('grid')
    await grid.getByRole('columnheader', { name: 'Change' }).waitFor()
    expect(await violations(page)).toEqual([])
    const titles = await grid.getByRole('columnheader').allTextContents()
    const [first = []] = await gridRows(page)
    const shown = (title: string): string => first[titles.findIndex((each) => each.startsWith(title))] ?? ''
    const number = (text: string): number => Number(text.replaceAll(',', ''))
    const [wanted] = await stage.weir.sql<{ s: number | string }>(
      `SELECT sum(bytes_est)::BIGINT AS s FROM flows WHERE ${hours(8, 4).sql.replaceAll('time_end', 'time_received')}
        AND src_namespace IS NOT DISTINCT FROM (SELECT src_namespace FROM flows WHERE
        ${sql.replaceAll('time_end', 'time_received')} GROUP BY 1 ORDER BY sum(bytes_est) DESC LIMIT 1)`,
    )
    expect(number(shown('Earlier'))).toBe(Number(wanted?.s))
    expect(shown('Change')).toBe(difference(number(shown(measureNames.bytes)), number(shown('Earlier'))))
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: graphs without a store', () => {
  const stage = useStage({ store: { enabled: 'none' } })

  test('check 12: without a store overview, table, topology and export agree and show their coverage', async () => {
    const sent = await stage.flows(10_000)
    const number = (text: string | null | undefined): number =>
      Number(/[\d,]+/.exec(text ?? '')?.[0].replaceAll(',', ''))
    const path = '/flows?v=1&live=0&t=now-1h..now'
    const covered = /live memory/
    const table = await stage.page(`${path}&view=table`)
    await table.getByText(covered).waitFor()
    await expect
      .poll(() =>
        table
          .getByRole('grid')
          .getAttribute('aria-rowcount')
          .catch(() => null),
      )
      .toBe(String(sent + 1))
    const overview = await stage.page(`${path}&view=overview&by=flows`)
    await overview.locator('.overview-sum').getByText(covered).waitFor()
    expect(number(await overview.locator('.overview-sum').textContent())).toBe(sent)
    for (const panel of ['Service ports', 'Exporters', 'Source to destination']) {
      const lines = await overview
        .getByRole('region', { name: panel })
        .locator('table.shares tr')
        .evaluateAll((rows) =>
          rows.map((row) => Number((row.querySelector('td')?.getAttribute('title') ?? '').replaceAll(',', ''))),
        )
      expect({ panel, total: lines.at(-1), sum: lines.slice(0, -1).reduce((sum, amount) => sum + amount, 0) }).toEqual({
        panel,
        total: sent,
        sum: sent,
      })
    }
    const topology = await stage.page(`${path}&view=topology&scope=addr&by=flows&list=1`)
    await topology.locator('.overview-sum').getByText(covered).waitFor()
    expect(await topology.locator('.graph-sum').textContent()).toContain(
      ` ${new Intl.NumberFormat('en-US').format(sent)} flows`,
    )
    const answer = await fetch(
      `${stage.weir.url}/api/v1/export?format=csv&from=now-1h&to=now&columns=src_addr,dst_addr,bytes`,
    )
    const lines = (await answer.text()).trim().split('\n')
    expect(lines.length - 1).toBe(sent)
    for (const page of [table, overview, topology]) await page.context().close()
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
