import { describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: a Weir without a store', () => {
  const stage = useStage({ store: { enabled: 'none' } })

  test('shows flows live, answers filters from the live memory, and says what that covers', async () => {
    const page = await stage.page('/flows')
    await page.locator('.link.good').waitFor()
    const sent = await stage.flows(5000)
    await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount').catch(() => null)).toBe(String(sent + 1))
    await page.getByRole('button', { name: 'Live' }).click()
    await page.getByText('there is no store: of the live memory').waitFor()
    await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount').catch(() => null)).toBe(String(sent + 1))
    const filter = page.getByRole('combobox', { name: 'Filter' })
    await filter.fill('dst_port = 443')
    await filter.press('Escape')
    await filter.press('Enter')
    await expect.poll(async () => (await gridRows(page)).every((row) => row[4] === '443')).toBe(true)
    await page.locator('.grid-body [role="row"]').first().click()
    await page.getByRole('complementary', { name: 'Flow' }).getByText('Volume').waitFor()
    await page.context().close()
  })
})
