/** CSV with the titles, order and units of the screen; raw values are an option. Flows: oracle.browser.ts. */
import { beforeAll, describe, expect, test } from 'vitest'
import { costEvents } from '../../sim/accounts.ts'
import { asCloudEvent } from '../../sim/cloud-event.ts'
import { savedCsv } from './kit/oracle/reading.ts'
import { chromiumPath, gridRows, useStage } from './kit/stage.ts'
import { until } from './kit/until.ts'

const zone = { locale: 'en-US', timezoneId: 'UTC' }

describe.skipIf(chromiumPath === undefined)('chromium: CSV', () => {
  const stage = useStage()

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const events = costEvents(Date.now()).map(asCloudEvent)
    const wanted = events.length
    while (events.length > 0) await stage.weir.events(events.splice(0, 500))
    const count = 'SELECT count(*)::INTEGER AS n FROM spend'
    await until(async () => Number((await stage.weir.sql<{ n: number }>(count))[0]?.n) >= wanted)
  })

  test('check 52: a result of SQL has the order of the screen with exact numbers', async () => {
    const q =
      "SELECT range AS n, range / 8 AS part, CASE WHEN range = 3 THEN NULL ELSE 'a,b' END AS text FROM range(40)"
    const page = await stage.page(`/sql?${new URLSearchParams({ v: '1', sort: '-n', q }).toString()}`, zone)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const shown = await gridRows(page)
    const save = async (name: string): Promise<(string | null)[][]> => {
      await page.getByRole('button', { name: 'Export' }).click()
      return savedCsv(page, () => page.getByRole('button', { name }).click())
    }
    const [titles, ...rows] = await save('CSV, 40 rows as shown')
    expect(titles).toEqual(['n', 'part', 'text'])
    expect(rows.slice(0, shown.length).map(([n]) => n)).toEqual(shown.map(([n]) => n))
    expect(rows[0]).toEqual(['39', '4.875', 'a,b'])
    expect(rows.at(-4)).toEqual(['3', '0.375', null])
    expect((await save('CSV, all rows, raw values'))[1]?.[0]).toBe('0')
    await page.context().close()
  })

  test('check 52: costs have the groups, amounts and changes of the tables, and raw exact decimals', async () => {
    const page = await stage.page('/spend?v=1&span=days&by=service', zone)
    const francs = page.getByRole('region', { name: 'Costs in CHF', exact: true })
    const lines = francs.locator('.spend-groups tbody tr')
    await lines.first().waitFor()
    await francs
      .getByText(/[+-]\d+(\.\d)?%/)
      .first()
      .waitFor()
    const shown = await lines.evaluateAll((all) =>
      all.map((line) => [...line.children].map((cell) => cell.textContent ?? '')),
    )
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    const [titles, ...rows] = await savedCsv(page, () => page.getByRole('button', { name: 'Export CSV' }).click())
    expect(titles).toEqual(['Currency', 'Service', 'Cost', 'Share', 'Previous', 'Change'])
    expect(
      rows.filter(([currency]) => currency === 'CHF').map((row) => row.slice(1).map((cell) => cell ?? '–')),
    ).toEqual(shown)
    const [names = [], ...raw] = await savedCsv(page, () =>
      page.getByRole('button', { name: 'Export raw CSV' }).click(),
    )
    const [total] = await stage.weir.sql<{ cost: string }>(
      `SELECT sum(billed)::DECIMAL(20, 2)::VARCHAR AS cost FROM spend WHERE currency = 'CHF'
        AND day > strftime(now() - INTERVAL 30 DAY, '%Y-%m-%d')`,
    )
    const francsOf = raw.filter((cells) => cells[names.indexOf('currency')] === 'CHF')
    const sum = francsOf.reduce((all, cells) => all + Number(cells[names.indexOf('cost')]), 0)
    if (!shown.some(([name]) => name?.endsWith(' others') === true)) expect(sum.toFixed(2)).toBe(total?.cost)
    await page.context().close()
    expect(stage.complaints).toEqual([])
  })
})
