/** A wrong clock of the browser: ranges that end at `now` follow the server. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage } from './kit/stage.ts'

const minute = 60_000

describe.skipIf(chromiumPath === undefined)('chromium: a wrong clock', () => {
  const stage = useStage()

  async function opened(path: string, wrong: number): Promise<Page> {
    const page = await stage.page(undefined)
    await page.clock.install({ time: Date.now() + wrong })
    await page.goto(stage.weir.url + path)
    return page
  }
  const inStore = (): Promise<number> => stage.stored(1)
  const counted = async (page: Page): Promise<number> =>
    Number(((await page.locator('.overview-sum').textContent()) ?? '').replace(/ flow.*/, '').replaceAll(',', ''))

  test.each([
    ['slow', -30 * minute],
    ['fast', 30 * minute],
  ])('check 50: with a %s browser clock, every view has the newest flows', { timeout: 300_000 }, async (_, wrong) => {
    await stage.filled()
    // The newest ones.
    await stage.flows(2000)
    const flows = await stage.filled()
    for (const view of ['overview', 'topology']) {
      const page = await opened(`/flows?v=1&live=0&view=${view}&t=now-10m..now&list=1&scope=addr&panels=flows`, wrong)
      if (view === 'overview') {
        await expect.poll(() => counted(page), { timeout: 60_000 }).toBe(flows)
        const chart = page.getByRole('region', { name: /^Flows per second/ })
        await chart.getByRole('button', { name: 'Table' }).click()
        const totals = chart.locator('.chart-table tbody tr td:last-child')
        await expect
          .poll(() => totals.allTextContents().then((all) => all.some((cell) => /[1-9]/.test(cell))))
          .toBe(true)
      } else {
        const sum = page.locator('.graph-sum')
        const text = `${new Intl.NumberFormat('en-US').format(flows)} flows`
        await expect.poll(() => sum.textContent(), { timeout: 60_000 }).toContain(text)
      }
      await page.context().close()
    }
    const page = await opened('/flows?v=1&view=overview&t=now-5m..now&panels=flows', wrong)
    await page.locator('.link.good').waitFor()
    await stage.flows(1000)
    const chart = page.getByRole('region', { name: /^Flows per second/ })
    await chart.getByRole('button', { name: 'Table' }).click()
    const newest = chart.locator('.chart-table tbody tr td:last-child')
    await expect
      .poll(() => newest.allTextContents().then((all) => all.slice(-12).some((cell) => /[1-9]/.test(cell))), {
        timeout: 60_000,
      })
      .toBe(true)
    await page.context().close()
    expect(await inStore()).toBeGreaterThan(flows)
  })

  test('the view that is fixed for “What changed before this?” ends at the time of the server', async () => {
    await stage.filled()
    const page = await opened('/flows?v=1&live=0&view=overview&t=now-10m..now&panels=flows', -30 * minute)
    await page.locator('.overview-sum').getByText('flows').waitFor()
    await page.getByRole('button', { name: 'What changed before this?' }).click()
    const ends = (): number => Date.parse(new URL(page.url()).searchParams.get('t')?.split('..')[1] ?? '')
    await expect.poll(ends).not.toBeNaN()
    expect(Math.abs(ends() - Date.now())).toBeLessThan(5 * minute)
    await page.context().close()
    expect(stage.complaints).toEqual([])
  })
})
