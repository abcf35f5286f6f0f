import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage, violations } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: the flows page', () => {
  const stage = useStage()
  const rowCount = (page: Awaited<ReturnType<typeof stage.page>>): Promise<number> =>
    page
      .getByRole('grid')
      .getAttribute('aria-rowcount')
      .then((text) => Number(text) - 1)

  test('a flow appears in the live table with names and without a database query', async () => {
    const page = await stage.page('/flows')
    await page.getByText('Weir listens for flows.').waitFor()
    const sent = performance.now()
    await stage.flows(250)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    console.log(`from datagram to row: ${Math.round(performance.now() - sent)} ms`)
    expect((await gridRows(page)).some(([, source]) => /^[a-z]/.test(source ?? ''))).toBe(true)
    await page.context().close()
  })

  test('the place of a chart reports loading until its response', async () => {
    await stage.filled()
    const page = await stage.page(undefined)
    const held = Promise.withResolvers<undefined>()
    await page.route('**/api/v1/series?**', async (route) => {
      await held.promise
      await route.continue()
    })
    await page.goto(`${stage.weir.url}/flows?v=1&live=0&t=now-1h..now`)
    await page.getByText('Loading the chart …').waitFor()
    held.resolve(undefined)
    await page.locator('.chart-place canvas').first().waitFor()
    expect(await page.getByText('Loading the chart …').count()).toBe(0)
    await page.context().close()
  })

  test('the drawer of a flow names each port, and the buttons of a value are in one line', async () => {
    await stage.filled()
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now')
    await page.locator('.grid-body [role="row"]').first().click()
    const drawer = page.getByRole('complementary', { name: 'Flow' })
    await drawer.getByText('Destination port', { exact: true }).waitFor()
    await drawer.getByText('Source port', { exact: true }).waitFor()
    const titles = await drawer.locator('dt').allTextContents()
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([])
    // Source text, because this file has the types of Node only.
    const lines = await page.evaluate<
      boolean[]
    >(`[...document.querySelectorAll('.drawer dd:has(.picks)')].map((value) => {
      const buttons = Array.from(value.querySelectorAll('button'), (button) => button.getBoundingClientRect())
      return buttons.every(({ top, right }) => top === buttons[0].top && right <= value.getBoundingClientRect().right)
    })`)
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.every(Boolean)).toBe(true)
    await page.context().close()
  })

  test('the stored table counts the same as SQL, and the keyboard reaches its last row', async () => {
    const inStore = await stage.filled()
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await expect.poll(() => rowCount(page)).toBe(inStore)
    expect(await page.locator('.page-line').textContent()).toContain(
      `of ${new Intl.NumberFormat('en-US').format(inStore)} flows`,
    )
    await page.locator('[data-at="0:0"]').focus()
    for (let pressed = 0; pressed < 60; pressed++) {
      await page.keyboard.press('Control+ArrowDown')
      await sleep(100)
      if ((await page.locator(`.grid-body [aria-rowindex="${inStore + 1}"]`).count()) > 0) break
    }
    const last = page.locator(`.grid-body [aria-rowindex="${inStore + 1}"]`)
    expect(await last.count()).toBe(1)
    expect(
      await last
        .locator('[role="gridcell"]')
        .first()
        .evaluate((cell) => cell.matches(':focus')),
    ).toBe(true)
    await page.context().close()
  })

  test('a filter matches SQL exactly; sorting by bytes orders all rows', async () => {
    await stage.filled()
    const page = await stage.page(
      `/flows?v=1&live=0&t=now-1h..now&sort=-bytes_est&q=${encodeURIComponent('dst_port = 5432')}`,
    )
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const [counted] = (await stage.weir.sql(
      'SELECT count(*)::INT AS n, max(bytes)::BIGINT AS most FROM flows WHERE dst_port = 5432',
    )) as { n: number; most: number }[]
    await expect.poll(() => rowCount(page)).toBe(counted?.n)
    const bytesAt = 6
    const shown = (await gridRows(page)).map((row) => Number((row[bytesAt] ?? '').replaceAll(',', '')))
    expect(shown[0]).toBe(Number(counted?.most))
    expect(shown).toEqual(shown.toSorted((a, b) => b - a))
    await page.getByRole('columnheader', { name: 'Bytes' }).click()
    await expect
      .poll(() => page.getByRole('columnheader', { name: 'Bytes' }).getAttribute('aria-sort'))
      .toBe('ascending')
    expect(page.url()).toContain('sort=bytes_est')
    await page.context().close()
  })

  test('check 9: a URL shows the same filter, columns, order and open record in a fresh profile', async () => {
    await stage.filled()
    const first = await stage.page('/flows?v=1&live=0&t=now-1h..now')
    const filter = first.getByRole('combobox', { name: 'Filter' })
    await filter.fill('dst_port = 443')
    await filter.press('Enter')
    await expect.poll(() => first.url()).toContain('q=')
    await filter.fill('dst_port = 5432 and bytes > 100')
    await filter.press('Enter')
    await expect.poll(() => first.url()).toContain('5432')
    await first.getByRole('columnheader', { name: 'Packets' }).click()
    await first.getByRole('button', { name: 'Columns' }).click()
    await first.getByRole('checkbox', { name: 'Flags tcp_flags' }).uncheck()
    await first.keyboard.press('Escape')
    await expect.poll(() => first.url()).toContain('cols=')
    await sleep(500)
    await first.locator('.grid-body [role="row"]').first().click()
    await first.getByRole('complementary', { name: 'Flow' }).waitFor()
    const url = new URL(first.url())
    const second = await stage.page(url.pathname + url.search)
    await second.getByRole('complementary', { name: 'Flow' }).waitFor()
    await second.locator('.grid-body [role="row"]').first().waitFor()
    const title = await first.locator('.drawer h2').textContent()
    await expect.poll(() => second.locator('.drawer h2').textContent()).toBe(title)
    expect((await gridRows(second)).slice(0, 10)).toEqual((await gridRows(first)).slice(0, 10))
    expect(await second.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('dst_port = 5432 and bytes > 100')
    await first.context().close()
    await second.context().close()
  })

  test('rows do not move under the pointer, and held rows are reported', async () => {
    await stage.filled()
    const page = await stage.page('/flows')
    await page.locator('.grid-body [role="row"]').first().hover()
    const before = await gridRows(page)
    const sent = await stage.flows(1000)
    await page.getByText(`${sent} new, held while you read`).waitFor()
    expect(await gridRows(page)).toEqual(before)
    await page.context().close()
  })

  test('without SharedWorker one tab owns the stream, and another takes over when it closes', async () => {
    await stage.filled()
    const context = await stage.browser.newContext()
    await context.addInitScript('delete globalThis.SharedWorker')
    const streams = new Set<number>()
    let opened = 0
    const open = async (): ReturnType<typeof stage.page> => {
      const page = await context.newPage()
      page.on('request', (request) => {
        if (request.url().includes('/api/v1/live?')) streams.add(++opened)
      })
      await page.goto(`${stage.weir.url}/flows`)
      await page.locator('.link.good').waitFor()
      await page.locator('.grid-body [role="row"]').first().waitFor()
      return page
    }
    const [first, second, third] = [await open(), await open(), await open()]
    expect(streams.size).toBe(1)
    await first.close()
    await expect.poll(() => streams.size, { timeout: 20_000 }).toBe(2)
    for (const page of [second, third]) await page.locator('.link.good').waitFor()
    const newest = (page: Awaited<ReturnType<typeof open>>): Promise<string | undefined> =>
      gridRows(page).then((rows) => rows[0]?.[0])
    const before = await Promise.all([second, third].map(newest))
    await stage.flows(500)
    for (const [index, page] of [second, third].entries())
      await expect.poll(() => newest(page), { timeout: 20_000 }).not.toBe(before[index])
    await context.close()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`nothing breaks a rule of WCAG 2.2 AA in ${colorScheme}, with drawer, palette and menus open`, async () => {
      await stage.filled()
      const page = await stage.page('/flows?v=1&live=0&t=now-1h..now', { colorScheme, reducedMotion: 'reduce' })
      await page.locator('.grid-body [role="row"]').first().waitFor()
      expect(await violations(page)).toEqual([])
      await page.locator('.grid-body [role="row"]').nth(1).click()
      await page.getByRole('complementary', { name: 'Flow' }).getByText('Volume').waitFor()
      expect(await violations(page)).toEqual([])
      await page.getByRole('button', { name: 'Columns' }).click()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Page or command' }).waitFor()
      expect(await violations(page)).toEqual([])
      await page.keyboard.type('pipel')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Pipeline', level: 1 }).waitFor()
      expect(await violations(page)).toEqual([])
      await page.context().close()
    })
  }

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints.filter((complaint) => !/status of 40[04]/.test(complaint))).toEqual([])
  })
})
