import { describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: a Weir without a store', () => {
  const stage = useStage({ store: { enabled: 'none' } })

  test('shows live flows, filters the live memory, and shows its coverage', async () => {
    const page = await stage.page('/flows')
    await page.locator('.link.good').waitFor()
    const sent = await stage.flows(5000)
    await expect
      .poll(() =>
        page
          .getByRole('grid')
          .getAttribute('aria-rowcount')
          .catch(() => null),
      )
      .toBe(String(sent + 1))
    await page.getByRole('button', { name: 'Live' }).click()
    await page.getByText('no store: live memory').waitFor()
    await expect
      .poll(() =>
        page
          .getByRole('grid')
          .getAttribute('aria-rowcount')
          .catch(() => null),
      )
      .toBe(String(sent + 1))
    const filter = page.getByRole('combobox', { name: 'Filter' })
    await filter.fill('dst_port = 443')
    await filter.press('Escape')
    await filter.press('Enter')
    await expect.poll(async () => (await gridRows(page)).every((row) => row[4] === '443')).toBe(true)
    await page.locator('.grid-body [role="row"]').first().click()
    await page.getByRole('complementary', { name: 'Flow' }).getByText('Volume').waitFor()
    await page.context().close()
  })

  test('overview and topology use the live memory and show its coverage', async () => {
    const page = await stage.page('/flows?v=1&view=overview&live=0&t=now-1h..now')
    await stage.flows(2000)
    await page.locator('.overview-sum').getByText('no store: live memory').waitFor()
    const ports = page.getByRole('region', { name: 'Service ports' })
    await ports.locator('tfoot').waitFor()
    const amounts = await ports
      .locator('tr td:nth-child(2)')
      .evaluateAll((cells) => cells.map((cell) => Number((cell.getAttribute('title') ?? '').replaceAll(',', ''))))
    expect(amounts.slice(0, -1).reduce((sum, amount) => sum + amount, 0)).toBe(amounts.at(-1))
    await page.getByRole('tab', { name: 'Topology' }).click()
    await page.locator('.graph-place').waitFor()
    await page.locator('.overview-sum').getByText('no store: live memory').waitFor()
    expect(Number(await page.locator('.graph-place').getAttribute('data-nodes'))).toBeGreaterThan(3)
    await page.context().close()
  })
})
