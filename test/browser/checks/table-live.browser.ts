import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage, type Stage } from '../kit/stage.ts'

const rowCount = (page: Page): Promise<number> =>
  page
    .getByRole('grid')
    .getAttribute('aria-rowcount')
    .then((text) => Number(text) - 1)
const catchUp = (page: Page): ReturnType<Page['getByRole']> =>
  page.getByRole('button', { name: /^Catch up \([\d,]+ new\)$/ })
const waiting = async (page: Page): Promise<number> =>
  Number((await catchUp(page).textContent())?.replaceAll(/\D/g, ''))

async function livePage(stage: Stage, flows = 20_000): Promise<Page> {
  const page = await stage.page('/flows?v=1&cols=_pos,time_received,src,dst')
  await page.locator('.link.good').waitFor()
  const sent = await stage.flows(flows)
  await page.locator('.grid-body [role="row"]').first().waitFor()
  await page
    .locator(`[title^="Since this view was opened: ${new Intl.NumberFormat('en-US').format(sent)} flows matched"]`)
    .waitFor()
  return page
}

async function idsDown(page: Page, screens: number): Promise<string[]> {
  const seen: string[] = []
  await page.locator('[data-at="0:0"]').focus()
  for (let screen = 0; screen < screens; screen++) {
    seen.push(...(await gridRows(page)).map(([id]) => id ?? '').filter((id) => !seen.includes(id)))
    await page.keyboard.press('PageDown')
    await page.evaluate('new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))')
  }
  return seen
}

for (const store of ['parquet', 'none'] as const) {
  describe.skipIf(chromiumPath === undefined)(`chromium: a paused table, store: ${store}`, () => {
    const stage = useStage({ store: { enabled: store } })

    test('check 13: pause freezes the rows and shows the paused state while the count of new rows rises', async () => {
      const page = await livePage(stage)
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByText('paused in this tab').waitFor()
      const before = await gridRows(page)
      const first = await stage.flows(2000)
      await expect.poll(() => waiting(page)).toBe(first)
      const second = await stage.flows(3000)
      await expect.poll(() => waiting(page)).toBe(first + second)
      expect(await gridRows(page)).toEqual(before)
      await page.getByRole('button', { name: 'Jump to now' }).waitFor()
      await page.context().close()
    })

    test('check 13: catching up after more rows than a page buffers loses none', async () => {
      const page = await livePage(stage)
      await page.getByRole('button', { name: 'Pause' }).click()
      await catchUp(page).waitFor()
      let sent = 0
      while (sent < 11_000) sent += await stage.flows(5000)
      await expect.poll(() => waiting(page)).toBe(sent)
      await catchUp(page).click()
      await page.locator('.link.good').waitFor()
      const all = (await stage.weir.ledger()).sources.reduce((sum, { accepted }) => sum + accepted, 0)
      // While there are more rows, the total is unknown. The focus survives refreshes.
      await page.locator('[data-at="0:0"]').focus()
      await expect
        .poll(
          async () => {
            expect(await page.evaluate<string | null>("document.activeElement.getAttribute('role')")).toBe('gridcell')
            await page.keyboard.press('Control+ArrowDown')
            return rowCount(page)
          },
          { timeout: 240_000 },
        )
        .toBe(all)
      await page.keyboard.press('Control+Home')
      const ids = await idsDown(page, 40)
      expect(new Set(ids).size).toBe(ids.length)
      if (store === 'parquet') {
        const newest = await stage.weir.sql<{ p: string }>(
          `SELECT _pos AS p FROM flows ORDER BY time_received DESC LIMIT ${ids.length + 200}`,
        )
        const known = new Set(newest.map(({ p }) => p))
        expect(ids.filter((id) => !known.has(id))).toEqual([])
      }
      await page.context().close()
    }, 480_000)

    test('check 13: jumping to now continues with the newest rows and reports the skipped count', async () => {
      const page = await livePage(stage)
      await page.getByRole('button', { name: 'Pause' }).click()
      await catchUp(page).waitFor()
      const sent = await stage.flows(30_000)
      await expect.poll(() => waiting(page)).toBe(sent)
      await page.getByRole('button', { name: 'Jump to now' }).click()
      await page
        .getByText(`Jumping to now skipped ${new Intl.NumberFormat('en-US').format(sent - 500)} rows.`)
        .waitFor()
      const more = await stage.flows(1000)
      await expect.poll(() => rowCount(page)).toBeGreaterThanOrEqual(500 + more)
      await page.context().close()
    })
  })
}
