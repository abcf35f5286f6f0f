import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage } from '../kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: defaults for the data at hand', () => {
  const stage = useStage()

  test('a grouping with one value is not the default; the chosen one stays', async () => {
    await stage.filled()
    const [found] = await stage.weir.sql<{ src_addr: string }>(
      `SELECT src_addr::VARCHAR AS src_addr FROM flows GROUP BY src_addr, src_name
        HAVING count(DISTINCT dst_addr) > 2 ORDER BY count(*) DESC LIMIT 1`,
    )
    const overview = '/flows?v=1&live=0&view=overview&t=now-1h..now'
    const page = await stage.page(overview)
    const grouping = page.getByRole('combobox', { name: 'Group by' }).locator('option:checked')
    await page.locator('.share-name').first().waitFor()
    expect(await grouping.innerText()).toBe('automatic: source endpoint')
    const source = `&q=${encodeURIComponent(`src.addr = ${found?.src_addr ?? ''}`)}`
    await page.goto(`${stage.weir.url}${overview}${source}`)
    await expect.poll(() => grouping.innerText()).toBe('automatic: destination endpoint')
    await page.goto(`${stage.weir.url}${overview}${source}&dim=src_endpoint`)
    await page.locator('.share-name').first().waitFor()
    expect(await grouping.innerText()).toBe('source endpoint')
    await page.context().close()
  })
})
