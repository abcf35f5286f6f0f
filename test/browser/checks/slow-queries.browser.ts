import { describe, expect, test } from 'vitest'
import { RoundRobin } from '../kit/round-robin.ts'
import { chromiumPath, useStage } from '../kit/stage.ts'

const isSlow = (path: string): boolean => /^\/api\/v1\/(?:flows|series|topology)$/.test(path)
const overview = '/flows?v=1&live=0&t=now-1h..now&view=overview'

describe.skipIf(chromiumPath === undefined)('chromium: slow queries of an overview', () => {
  const stage = useStage()

  test('the status bar and the navigation work while no query of the overview gets a response', async () => {
    await stage.filled()
    const proxy = await RoundRobin.open([stage.weir.url], isSlow)
    const sent = (of: (path: string) => boolean): number =>
      proxy.requests.flat().filter((line) => of(line.split(' ')[1] ?? '')).length
    const context = await stage.browser.newContext({ viewport: { width: 1440, height: 900 } })
    try {
      const page = await context.newPage()
      await page.goto(proxy.url + overview)
      await expect.poll(() => sent(isSlow)).toBe(4)
      await page
        .getByRole('contentinfo')
        .getByText(/^accepted/)
        .waitFor()
      const ledgers = sent((path) => path === '/api/v1/ledger')
      await expect.poll(() => sent((path) => path === '/api/v1/ledger')).toBeGreaterThan(ledgers + 1)
      expect(sent(isSlow)).toBe(4)
      const pages = page.getByRole('navigation', { name: 'Pages' })
      await pages.getByRole('link', { name: 'Pipeline', exact: true }).click()
      await page.getByRole('heading', { name: 'Pipeline', level: 1 }).waitFor()
      await page.getByText('netflow').first().waitFor()
    } finally {
      await context.close()
      await proxy.close()
    }
  })

  test('the SQL page lists the views while no query of their columns gets a response', async () => {
    const isSql = (path: string) => path === '/api/v1/sql'
    const proxy = await RoundRobin.open([stage.weir.url], isSql)
    const sent = () => proxy.requests.flat().filter((line) => isSql(line.split(' ')[1] ?? '')).length
    const context = await stage.browser.newContext({ viewport: { width: 1440, height: 900 } })
    try {
      const page = await context.newPage()
      await page.goto(`${proxy.url}/sql`)
      await page.getByText('totals per hour').waitFor()
      await expect.poll(sent).toBe(4)
      await page
        .getByRole('contentinfo')
        .getByText(/^accepted/)
        .waitFor()
      await page.getByText('every flow').click()
      await page.locator('.schema').getByText('loading …').first().waitFor()
      expect(sent()).toBe(4)
    } finally {
      await context.close()
      await proxy.close()
    }
    const page = await stage.page('/sql')
    await page.getByText('every flow').click()
    await page
      .getByRole('button', { name: /^bytes_est/ })
      .first()
      .waitFor()
    await page.context().close()
  })

  test('a query without progress shows the advice, and is not repeated', async () => {
    const page = await stage.page(undefined)
    let requests = 0
    await page.route('**/api/v1/flows?**', (route) => {
      requests++
      return route.fulfill({
        status: 504,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          code: 'WEIR_QUERY_TIMEOUT',
          status: 504,
          query_id: '0f1e2d3c-1',
          detail: 'The query made no progress for 120 s (store.query_timeout) and was ended.',
          hints: ['Choose a shorter time range, a filter, or fewer groups. `store.query_timeout` sets the limit.'],
        }),
      })
    })
    await page.goto(`${stage.weir.url}/flows?v=1&live=0&t=now-1h..now&group=src_name`)
    const error = page.getByRole('alert').filter({ hasText: 'Try again' }).first()
    await error.getByText('Choose a shorter time range').waitFor()
    await error.getByText('WEIR_QUERY_TIMEOUT · query 0f1e2d3c-1').waitFor()
    expect(requests).toBe(1)
    await page.context().close()
  })
})
