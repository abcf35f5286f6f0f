import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { duration, protocol, volume } from '../../../console/src/parts/format.ts'
import { useBigStage } from '../kit/big-stage.ts'
import { chromiumPath, gridRows } from '../kit/stage.ts'

const grouped = (count: number): string => new Intl.NumberFormat('en-US').format(count)
const integer = (cell: string | undefined): number => Number((cell ?? '').replaceAll(',', ''))

describe.skipIf(chromiumPath === undefined)('chromium: the table of a million flows', () => {
  const stage = useBigStage()
  const table = (query: Readonly<Record<string, string>>): Promise<Page> =>
    stage.page(`/flows?${new URLSearchParams({ v: '1', live: '0', t: stage.time, ...query })}`)
  const one = async (sql: string): Promise<Record<string, number>> =>
    Object.fromEntries(
      Object.entries((await stage.weir.sql(sql))[0] ?? {}).map(([name, value]) => [name, Number(value)]),
    )
  const count = async (where: string): Promise<number> =>
    (await one(`SELECT count(*) AS n FROM flows WHERE ${where}`))['n'] ?? 0
  const rowCount = (page: Page): Promise<number> =>
    page
      .getByRole('grid')
      .getAttribute('aria-rowcount')
      .then((text) => Number(text) - 1)
  const shows = async (page: Page, rows: number): Promise<void> => {
    await expect.poll(() => rowCount(page).catch(() => undefined), { timeout: 60_000 }).toBe(rows)
  }

  /** A namespace and port with more than one page of flows. */
  async function crowd(): Promise<{ readonly namespace: string; readonly port: number; readonly flows: number }> {
    const [found] = await stage.weir.sql<{ ns: string; port: number; n: number }>(
      `SELECT src_namespace AS ns, dst_port::INT AS port, count(*)::INT AS n FROM flows
        WHERE src_namespace IS NOT NULL AND dst_port IS NOT NULL GROUP BY ALL HAVING n > 1200 ORDER BY n LIMIT 1`,
    )
    if (found === undefined) throw new Error('no namespace and port of data set D are busy enough')
    return { namespace: found.ns, port: found.port, flows: found.n }
  }

  test('check 2: a filter by namespace and port matches SQL exactly, and paging reaches the last flow', async () => {
    const { namespace, port, flows } = await crowd()
    const page = await table({
      q: `src.ns=${namespace} AND dst.port=${port}`,
      cols: '_pos,time_received,src_namespace,dst_port',
    })
    await shows(page, flows)
    await page.getByText(`of ${grouped(flows)} flows`).waitFor()
    const seen = new Map<string, readonly string[]>()
    await page.locator('[data-at="0:0"]').focus()
    for (let pressed = 0; pressed < flows && seen.size < flows; pressed++) {
      for (const row of await gridRows(page)) seen.set(row[0] ?? '', row)
      await page.keyboard.press('PageDown')
      // The last loaded rows stay visible until the next page.
      await page.evaluate('new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))')
    }
    const found = await stage.weir.sql<{ p: string }>(
      `SELECT _pos AS p FROM flows WHERE src_namespace = '${namespace}' AND dst_port = ${port}`,
    )
    expect([...seen.keys()].toSorted()).toEqual(found.map(({ p }) => p).toSorted())
    expect([...seen.values()].every((row) => row[2] === namespace && row[3] === String(port))).toBe(true)
    await page.locator(`.grid-body [aria-rowindex="${flows + 1}"]`).waitFor()
    await page.context().close()
  }, 480_000)

  test('check 6: any. tests conditions one by one, either() per end, and both ways counts no flow twice', async () => {
    const { namespace, port } = await crowd()
    const filters: readonly (readonly [filter: string, both: boolean, where: string])[] = [
      [
        `any.ns = ${namespace} and any.port = ${port}`,
        false,
        `(src_namespace = '${namespace}' OR dst_namespace = '${namespace}') AND (src_port = ${port}
          OR dst_port = ${port})`,
      ],
      [
        `either(ns = ${namespace} and port = ${port})`,
        false,
        `(src_namespace = '${namespace}' AND src_port = ${port}) OR (dst_namespace = '${namespace}'
          AND dst_port = ${port})`,
      ],
      [
        `src.ns = ${namespace} and dst.ns = ${namespace}`,
        false,
        `src_namespace = '${namespace}' AND dst_namespace = '${namespace}'`,
      ],
      // Flows inside the namespace match both ways.
      [`src.ns = ${namespace}`, true, `src_namespace = '${namespace}' OR dst_namespace = '${namespace}'`],
      [
        `src.ns = ${namespace} and dst.port = ${port}`,
        true,
        `(src_namespace = '${namespace}' AND dst_port = ${port}) OR (dst_namespace = '${namespace}'
          AND src_port = ${port})`,
      ],
    ]
    const counts = new Set<number>()
    const page = await table({})
    for (const [filter, both, where] of filters) {
      const filterBox = page.getByRole('combobox', { name: 'Filter' })
      await filterBox.fill(filter)
      await filterBox.press('Escape')
      await filterBox.press('Enter')
      const button = page.getByRole('button', { name: 'Both ways' })
      if (((await button.getAttribute('aria-pressed')) === 'true') !== both) await button.click()
      const flows = await count(where)
      await shows(page, flows)
      counts.add(flows)
    }
    expect(counts.size).toBe(filters.length)
    await page.context().close()
  })

  const sorts: readonly (readonly [column: string, heading: string, sql: string, cell: (value: unknown) => string])[] =
    [
      ['bytes', 'Bytes', 'bytes', (value) => grouped(Number(value))],
      ['packets', 'Packets', 'packets', (value) => grouped(Number(value))],
      ['src_port', 'Port', 'src_port', String],
      ['proto', 'Protocol', 'proto', (value) => protocol(Number(value))],
      ['dst_name', 'Destination name', 'dst_name', String],
      ['src_addr', 'Source address', 'src_addr', String],
      ['dns_latency', 'DNS latency', 'dns_latency', (value) => duration(Number(value))],
    ]
  test.each(sorts)(
    'check 7: the heading of %s sorts all flows, not only one page',
    async (column, heading, sql, cell) => {
      const page = await table({ cols: `${column},time_received,exporter_addr` })
      await shows(page, stage.span.rows)
      for (const [direction, order] of [
        ['descending', 'DESC'],
        ['ascending', 'ASC'],
      ] as const) {
        await page.getByRole('columnheader', { name: heading }).first().click()
        await expect
          .poll(() => page.getByRole('columnheader', { name: heading }).first().getAttribute('aria-sort'))
          .toBe(direction)
        const first = await stage.weir.sql<{ v: unknown }>(
          `SELECT ${sql} AS v FROM flows ORDER BY ${sql} ${order} NULLS LAST LIMIT 12`,
        )
        await expect
          .poll(async () => (await gridRows(page)).slice(0, 12).map(([value]) => value), { timeout: 60_000 })
          .toEqual(first.map(({ v }) => cell(v)))
        expect(await rowCount(page)).toBe(stage.span.rows)
      }
      await page.context().close()
    },
  )

  test('check 8: each flow once changes the counts of table, chart, overview, topology and export alike', async () => {
    const { namespace } = await crowd()
    const where = `(src_namespace = '${namespace}' OR dst_namespace = '${namespace}')`
    const once = `${where} AND (node_direction = 1 AND dst_owner_name IS NOT NULL) IS NOT TRUE`
    const sums = (condition: string): Promise<Record<string, number>> =>
      one(`SELECT count(*) AS flows, sum(bytes_est) AS bytes FROM flows WHERE ${condition}`)
    const all = { flows: 0, bytes: 0, ...(await sums(where)) }
    const single = { flows: 0, bytes: 0, ...(await sums(once)) }
    expect(single.flows).toBeLessThan(all.flows)
    const page = await table({ q: `any.ns = ${namespace}` })
    for (const { flows, bytes } of [all, single]) {
      await shows(page, flows)
      await page.getByText(`of ${grouped(flows)} flows · ${volume(bytes)} · stored`).waitFor()
      await page.getByRole('tab', { name: 'Overview' }).click()
      await page
        .getByText(`${grouped(flows)} flows · ${volume(bytes)}`)
        .first()
        .waitFor()
      await page.getByRole('tab', { name: 'Topology' }).click()
      await page.locator('.graph-place').waitFor()
      // Not the requests for the edges with drops or errors: they have a further condition.
      const edges = page.waitForResponse((answer) => {
        const { pathname, searchParams } = new URL(answer.url())
        return pathname === '/api/v1/topology' && !/drop|dns/.test(searchParams.get('filter') ?? '')
      })
      await page.getByRole('button', { name: 'Refresh' }).click()
      const topology = (await (await edges).json()) as { total?: { flows: number; bytes: number } }
      const { total } = topology
      expect([Number(total?.flows), Number(total?.bytes)], JSON.stringify(topology).slice(0, 500)).toEqual([
        flows,
        bytes,
      ])
      await page.locator('.page-line').getByText(volume(bytes)).first().waitFor()
      await page.getByRole('tab', { name: 'Table' }).click()
      await page.getByRole('button', { name: 'Export' }).click()
      const link = await page.getByRole('link', { name: 'CSV, visible columns' }).getAttribute('href')
      await page.keyboard.press('Escape')
      expect((await (await fetch(`${stage.weir.url}${link}`)).text()).trimEnd().split('\r\n').length - 1).toBe(flows)
      const button = page.getByRole('button', { name: 'Each flow once' })
      if ((await button.getAttribute('aria-pressed')) === 'false') await button.click()
    }
    expect(new URL(page.url()).searchParams.get('once')).toBe('1')
    await page.context().close()
  }, 480_000)

  test('groups and others match SQL in the selected order, and a group opens its flows', async () => {
    const page = await table({ group: 'src_namespace,dst_namespace' })
    const pairs = await stage.weir.sql<{
      src: string | null
      dst: string | null
      bytes: string
      packets: string
      flows: number
    }>(
      `SELECT src_namespace AS src, dst_namespace AS dst, sum(bytes_est) AS bytes, sum(packets_est) AS packets,
        count(*)::INT AS flows FROM flows GROUP BY ALL ORDER BY flows DESC, src, dst`,
    )
    await page.getByRole('columnheader', { name: 'Flows' }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('by')).toBe('flows')
    const shown = pairs.length > 500 ? 501 : pairs.length
    await shows(page, shown)
    await expect
      .poll(async () => (await gridRows(page)).slice(0, 10).map((row) => integer(row[4])))
      .toEqual(pairs.slice(0, 10).map(({ flows }) => flows))
    const [all] = await stage.weir.sql<{ bytes: string; packets: string }>(
      'SELECT sum(bytes_est) AS bytes, sum(packets_est) AS packets FROM flows',
    )
    await page
      .locator('.table-foot')
      .getByText(
        `${volume(Number(all?.bytes))} · ${grouped(Number(all?.packets))} packets · ${grouped(stage.span.rows)} flows`,
      )
      .waitFor()
    await page.locator('[data-at="0:0"]').focus()
    const rows = new Map<string, readonly string[]>()
    for (let pressed = 0; pressed < 100 && rows.size < shown; pressed++) {
      for (const row of await gridRows(page)) rows.set(row.slice(0, 2).join(' → '), row)
      await page.keyboard.press('PageDown')
      await page.evaluate('new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))')
    }
    expect([...rows.values()].reduce((sum, row) => sum + integer(row[4]), 0)).toBe(stage.span.rows)
    expect([...rows.values()].reduce((sum, row) => sum + BigInt(integer(row[2])), 0n)).toBe(BigInt(all?.bytes ?? 0))
    await page.keyboard.press('Control+Home')
    const [top] = pairs
    await page.keyboard.press('Enter')
    await shows(page, top?.flows ?? -1)
    expect(new URL(page.url()).searchParams.get('group')).toBe(null)
    await page.context().close()
  })
})
