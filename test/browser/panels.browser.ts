import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { buildMmdb } from '../kit/mmdb.ts'
import { figuresOf } from './kit/saved.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-panels-'))
const [asn, country] = [join(folder, 'asn.mmdb'), join(folder, 'country.mmdb')]
writeFileSync(
  asn,
  buildMmdb({
    '198.51.100.0/24': { autonomous_system_number: 64_500 },
    '203.0.113.0/24': { autonomous_system_number: 64_501 },
  }),
)
writeFileSync(
  country,
  buildMmdb({
    '198.51.100.0/24': { country: { iso_code: 'NO' } },
    '203.0.113.0/24': { country: { iso_code: 'BR' } },
  }),
)

describe.skipIf(chromiumPath === undefined)('chromium: panels of networks, countries and percentiles', () => {
  const stage = useStage({ geo: { asn, country } })
  const overview = '/flows?v=1&live=0&view=overview&t=now-1h..now'

  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('systems, countries, the map and the boundary have the sums of SQL', async () => {
    await stage.filled()
    const page = await stage.page(`${overview}&panels=srcas,dstcountry,map,boundary,inif`)
    const values = (name: string): Promise<Record<string, number>> =>
      page
        .getByRole('region', { name, exact: true })
        .locator('table.shares tr')
        .evaluateAll((lines) =>
          Object.fromEntries(
            lines.map((line) => [
              line.querySelector('.share-name, tfoot th')?.textContent ?? '',
              Number((line.querySelector('td')?.getAttribute('title') ?? '').replaceAll(',', '')),
            ]),
          ),
        )
    const bySql = async (expression: string, where: string): Promise<Record<string, number>> => {
      const rows = await stage.weir.sql<{ g: string; s: number | string }>(
        `SELECT ${expression} AS g, sum(bytes_est)::BIGINT AS s FROM flows WHERE ${where} GROUP BY ALL`,
      )
      const found = Object.fromEntries(rows.map(({ g, s }) => [g, Number(s)]))
      return { ...found, Total: Object.values(found).reduce((sum, each) => sum + each, 0) }
    }
    const system = `CASE WHEN src_as > 0 THEN 'AS' || src_as ELSE 'no autonomous system' END`
    await expect
      .poll(() => values('Source autonomous systems'))
      .toEqual(await bySql(system, 'src_as > 0 OR dst_as > 0'))
    const name = `CASE dst_country WHEN 'NO' THEN 'Norway' WHEN 'BR' THEN 'Brazil' ELSE 'no country' END`
    await expect
      .poll(() => values('Destination countries'))
      .toEqual(await bySql(name, 'src_country IS NOT NULL OR dst_country IS NOT NULL'))
    const private_ = (end: string): string => `${end}_addr LIKE '10.%'`
    const direction = `CASE WHEN ${private_('src')} AND ${private_('dst')} THEN 'inside'
      WHEN ${private_('dst')} THEN 'in' WHEN ${private_('src')} THEN 'out' ELSE 'outside only' END`
    await expect
      .poll(() => values('Across the boundary'))
      .toEqual({ 'outside only': 0, ...(await bySql(direction, 'true')) })
    const drawn = (): Promise<Record<string, number>> =>
      page
        .locator('.world-country')
        .evaluateAll((all) =>
          Object.fromEntries(
            all.map((one) => [one.getAttribute('data-country'), Number(one.getAttribute('data-amount'))]),
          ),
        )
    const both = await stage.weir.sql<{ g: string; s: number | string }>(
      `SELECT g, sum(s)::BIGINT AS s FROM (SELECT src_country AS g, bytes_est AS s FROM flows UNION ALL
        SELECT dst_country, bytes_est FROM flows) WHERE g IS NOT NULL GROUP BY ALL`,
    )
    await expect.poll(drawn).toEqual(Object.fromEntries(both.map(({ g, s }) => [g, Number(s)])))
    expect((await page.locator('.world-land').getAttribute('d'))?.length).toBeGreaterThan(5000)
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: /^Norway: / }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => page.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('either(country = "NO")')
    await page.context().close()
  })

  test('percentiles of a selected field are over the flows of each bucket; shares add up to 100 %', async () => {
    await stage.filled()
    const page = await stage.page(`${overview}&panels=percentiles,bytes&pf=packets`)
    const panel = page.getByRole('region', { name: 'Percentiles over time' })
    await panel.locator('canvas').waitFor()
    const [head = [], ...lines] = await figuresOf(page, panel)
    expect(head).toEqual(['time', 'median packets', '95th percentile packets', '99th percentile packets'])
    const step = Date.parse(lines[1]?.[0] ?? '') - Date.parse(lines[0]?.[0] ?? '')
    const wanted = await stage.weir.sql<Record<'at' | 'p50' | 'p95' | 'p99', number | string>>(
      `SELECT (epoch_ms(time_end) // ${step}) * ${step} AS at, quantile_disc(packets, 0.5) AS p50,
        quantile_disc(packets, 0.95) AS p95, quantile_disc(packets, 0.99) AS p99 FROM flows GROUP BY 1 ORDER BY 1`,
    )
    expect(
      lines.filter((line) => line[1] !== '').map(([at = '', ...all]) => [Date.parse(at), ...all.map(Number)]),
    ).toEqual(wanted.map(({ at, p50, p95, p99 }) => [at, p50, p95, p99].map(Number)))
    await panel.getByRole('combobox', { name: 'Field' }).selectOption('bytes')
    await expect.poll(() => new URL(page.url()).searchParams.get('pf')).toBe(null)
    const rates = page.getByRole('region', { name: /^Bytes per second/ })
    await rates.getByRole('button', { name: /^Settings of/ }).click()
    await page.getByRole('checkbox', { name: 'Shares instead of rates (100 %)' }).check()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.url()).toContain('share')
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
