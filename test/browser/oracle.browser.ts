/** Every figure of random views of flows, as the console shows it, against SQL over the reported values. */
import type { Locator } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../kit/random.ts'
import { Findings, type Case } from './kit/oracle/findings.ts'
import { checkOverview } from './kit/oracle/overview.ts'
import { checkGroups, checkTable } from './kit/oracle/tables.ts'
import { checkTopology } from './kit/oracle/topology.ts'
import { randomView } from './kit/oracle/views.ts'
import { useSmallStage } from './kit/small-stage.ts'
import { chromiumPath } from './kit/stage.ts'

const seed = Number(process.env['WEIR_SEED'] ?? 30)
const views = Number(process.env['WEIR_VIEWS'] ?? 30)
const checks = { overview: checkOverview, table: checkTable, groups: checkGroups, topology: checkTopology }

describe.skipIf(chromiumPath === undefined)('chromium: figures', () => {
  const stage = useSmallStage(12_000)

  test(
    `check 49: every figure of ${views} random views equals SQL (WEIR_SEED=${seed})`,
    { timeout: 3_600_000 },
    async () => {
      const random = new SeededRandom(seed)
      const page = await stage.page(undefined, {
        locale: 'en-US',
        timezoneId: 'UTC',
        viewport: { width: 1440, height: 1600 },
      })
      const differences: string[] = []
      let compared = 0
      for (let at = 0; at < views; at++) {
        const view = randomView(random, stage.span)
        const findings = new Findings()
        const one: Case = { page, url: stage.weir.url, sql: (text) => stage.weir.sql(text), view, findings }
        for (const [name, check] of Object.entries(checks)) {
          const before = findings.differences.length
          await check(one).catch((error: unknown) => findings.differences.push(String(error)))
          differences.push(
            ...findings.differences
              .slice(before)
              .map((text) => `view ${at}, ${name}: ${text}\n  ${page.url()} ${JSON.stringify(view)}`),
          )
        }
        compared += findings.compared
      }
      console.log(`seed ${seed}: ${compared} figures of ${views} views, ${differences.length} differ`)
      expect(differences).toEqual([])
      expect(compared).toBeGreaterThan(100 * views)
      await page.context().close()
    },
  )

  test('the chart of the table has the entries and the colours of the overview at the same range', async () => {
    const query = new URLSearchParams({ v: '1', live: '0', t: stage.time, view: 'overview', panels: 'bytes' })
    const page = await stage.page(`/flows?${query.toString()}`, { locale: 'en-US', timezoneId: 'UTC' })
    const legend = async (chart: Locator): Promise<string[]> => {
      await chart.locator('canvas').first().waitFor({ state: 'attached' })
      return chart
        .locator('button.legend')
        .evaluateAll((all) => all.map((one) => `${one.textContent} ${one.querySelector('i')?.className}`))
    }
    const overview = await legend(page.locator('.overview-panel .chart'))
    expect(overview.length).toBeGreaterThan(5)
    await page.getByRole('tab', { name: 'Table' }).click()
    expect(await legend(page.locator('.volume .chart'))).toEqual(overview)
    await page.context().close()
    expect(stage.complaints).toEqual([])
  })
})
