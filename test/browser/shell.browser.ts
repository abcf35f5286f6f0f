import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: the shell of the pages', () => {
  const stage = useStage()

  test('a view is saved, found in the palette of another profile, renamed and deleted', async () => {
    const page = await stage.page('/flows?v=1&live=0&q=dst_port+%3D+443&cols=src,dst')
    await page.getByRole('button', { name: 'Saved views' }).click()
    await page.getByLabel('Name of this view').fill('Web traffic')
    await page.keyboard.press('Enter')
    const list = page.getByRole('dialog', { name: 'Saved views' })
    await list.getByRole('button', { name: 'Web traffic', exact: true }).waitFor()
    expect(await violations(page)).toEqual([])
    const other = await stage.page('/events')
    await other.getByRole('heading', { name: 'Events', level: 1 }).waitFor()
    await other.keyboard.press('Control+k')
    await other.keyboard.type('web traf')
    await other.getByRole('option', { name: 'View: Web traffic' }).waitFor()
    await other.keyboard.press('Enter')
    await expect
      .poll(() =>
        other
          .getByRole('combobox', { name: 'Filter' })
          .inputValue()
          .catch(() => ''),
      )
      .toBe('dst_port = 443')
    expect(new URL(other.url()).searchParams.get('cols')).toBe('src,dst')
    await list.getByRole('button', { name: 'Rename Web traffic' }).click()
    await page.getByLabel('New name for Web traffic').fill('HTTPS')
    await page.keyboard.press('Enter')
    await list.getByRole('button', { name: 'Delete HTTPS' }).click()
    await list.getByText('No saved views yet').waitFor()
    await page.context().close()
    await other.context().close()
  })

  test('the theme is stored in the browser', async () => {
    const page = await stage.page('/events', { colorScheme: 'light' })
    await page.getByRole('button', { name: 'Theme: system' }).click()
    await page.getByRole('button', { name: 'Theme: light' }).click()
    const background = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const dark = await background()
    await page.reload()
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
    expect(await background()).toBe(dark)
    expect(dark).toBe('rgb(15, 18, 20)')
    await page.context().close()
  })

  test('Settings links to documents of the console, and every group of pages has a title', async () => {
    const page = await stage.page('/settings')
    const titles = await page.locator('.nav-group h2').allTextContents()
    expect(titles).toEqual(['Watch', 'Explore', 'Operate'])
    const links = await page.locator('.nav-group a').allTextContents()
    expect(links.filter((link) => titles.includes(link))).toEqual([])
    for (const [link, heading] of [
      ['Console', 'Console'],
      ['Queries', 'Queries'],
      ['Configuration', 'Configuration'],
    ]) {
      await page
        .getByRole('region', { name: 'This Weir' })
        .getByRole('link', { name: link ?? '', exact: true })
        .click()
      await page.getByRole('heading', { level: 1, name: heading ?? '' }).waitFor()
      await page.goBack()
    }
    await page.context().close()
  })

  test('a long problem leaves the status bar in one line, with the time zone', async () => {
    const page = await stage.page(undefined)
    const detail = 'The ledger does not respond, because its store is being recovered. '.repeat(8)
    await page.route('**/api/v1/ledger*', (route) =>
      route.fulfill({ status: 400, contentType: 'application/problem+json', json: { status: 400, detail } }),
    )
    await page.goto(`${stage.weir.url}/settings`)
    const bar = page.getByRole('contentinfo')
    await bar.getByTitle(detail.trim()).waitFor()
    const zone = bar.getByRole('button')
    for (const width of [1440, 800]) {
      await page.setViewportSize({ width, height: 900 })
      expect((await bar.boundingBox())?.height).toBeLessThan(45)
      const place = await zone.boundingBox()
      expect((place?.x ?? width) + (place?.width ?? 0)).toBeLessThanOrEqual(width)
    }
    await page.context().close()
  })

  test('the root path opens Home until the first row, and Flows afterwards', async () => {
    const fresh = await stage.page('/')
    await fresh.getByRole('heading', { name: 'No data received yet' }).waitFor()
    expect(new URL(fresh.url()).pathname).toBe('/home')
    await fresh.context().close()
    await stage.flows(500)
    await stage.stored(1)
    const later = await stage.page('/')
    await later.getByRole('combobox', { name: 'Filter' }).waitFor()
    expect(new URL(later.url()).pathname).toBe('/flows')
    await later.context().close()
  })

  test('the keys in the list work, and single keys can be disabled permanently', async () => {
    await stage.flows(500)
    await stage.stored(1)
    const page = await stage.page('/flows?v=1&live=0')
    await page.getByRole('grid').waitFor()
    await page.getByRole('slider', { name: 'Bytes per second by source: time' }).waitFor()
    await page.keyboard.press('?')
    const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await list.getByText('open Pipeline').waitFor()
    expect(await list.getByRole('heading', { level: 3 }).allTextContents()).toEqual(
      expect.arrayContaining(['On every page', 'In the filter', 'In a table', 'In a chart', 'In the tabs (Views)']),
    )
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Filter')
    await page.keyboard.type('g?')
    expect(await page.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('g?')
    await page.keyboard.press('Escape')
    await page.locator('[data-at="0:0"]').focus()
    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await page.getByRole('heading', { name: 'Pipeline', level: 1 }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press(',')
    await page.getByRole('checkbox', { name: 'Shortcuts without a modifier key' }).uncheck()
    await page.reload()
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
    for (const key of ['?', 'g', 'h', '/']) await page.keyboard.press(key)
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(new URL(page.url()).pathname).toBe('/settings')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog', { name: 'Pages and commands' }).waitFor()
    await page.context().close()
  })

  test('settings: theme and row density apply to all pages and tabs; account and version are shown', async () => {
    const page = await stage.page('/settings', { colorScheme: 'light' })
    await page.getByRole('heading', { name: 'This Weir' }).waitFor()
    const health = await stage.weir.get<{ version: string }>('/api/v1/health')
    await page.getByRole('region', { name: 'This Weir' }).getByText(health.version).waitFor()
    await page.getByRole('region', { name: 'Your account' }).getByText('admin: full access').waitFor()
    expect(await violations(page)).toEqual([])
    const other = await page.context().newPage()
    await other.goto(`${stage.weir.url}/flows?v=1&live=0`)
    await other.locator('.grid-body [role="row"]').first().waitFor()
    const height = (): Promise<number> =>
      other.evaluate('document.querySelector(".grid-body [role=row]").getBoundingClientRect().height')
    expect(await height()).toBe(28)
    await page.getByRole('group', { name: 'Row height' }).getByRole('button', { name: 'large' }).click()
    await expect.poll(height).toBe(36)
    const second = (): Promise<number> =>
      other.evaluate(
        'document.querySelector("[aria-rowindex=\\"3\\"]").getBoundingClientRect().top - ' +
          'document.querySelector("[aria-rowindex=\\"2\\"]").getBoundingClientRect().top',
      )
    expect(await second()).toBe(36)
    await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'dark' }).click()
    await expect.poll(() => other.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(15, 18, 20)')
    await page.context().close()
  })

  test('an unknown path is reported, and a URL of another version lists ignored parameters', async () => {
    const page = await stage.page('/nowhere')
    await page.getByRole('heading', { name: 'Page not found' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('link', { name: 'Go to Flows' }).click()
    await expect.poll(() => new URL(page.url()).pathname).toBe('/flows')
    await page.goto(`${stage.weir.url}/flows?v=9&q=bytes+%3E+1&shape=round`)
    await page.getByText('The URL has version 9').waitFor()
    await page.getByText('This page has no parameter “shape”.').waitFor()
    expect(await page.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('bytes > 1')
    await page.context().close()
  })

  test('a link with an invalid filter opens and explains the error', async () => {
    const page = await stage.page('/flows?v=1&q=dst_prt+%3D+443')
    await page.locator('.filter-error').getByText('dst_port').waitFor()
    expect(await page.getByRole('combobox', { name: 'Filter' }).getAttribute('aria-invalid')).toBe('true')
    await page.locator('.state').getByRole('button', { name: 'Try again' }).waitFor()
    await page.context().close()
  })

  test('a link of NetObserv’s console becomes a filter, and unsupported parts are listed', async () => {
    const page = await stage.page('/flows')
    const filter = page.getByRole('combobox', { name: 'Filter' })
    await filter.fill(
      'https://console.example/netflow-traffic?timeRange=300&filters=src_namespace%3D"shop"%3Bdst_port%3D5432&bogus=1',
    )
    await filter.press('Escape')
    await filter.press('Enter')
    await expect.poll(() => filter.inputValue()).toMatch(/^\(?src_namespace.*shop.*dst_port.*5432/)
    await page.context().close()
  })

  test('every page works at 320 px: nothing is wider than the window, and the ledger is visible', async () => {
    for (const path of ['/flows', '/flows?v=1&live=0', '/events', '/pipeline', '/nowhere']) {
      const page = await stage.page(path, { viewport: { width: 320, height: 640 } })
      await page
        .getByRole('contentinfo')
        .getByText(/^accepted/)
        .waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBe(320)
      expect((await page.getByRole('contentinfo').boundingBox())?.y, path).toBeLessThan(640)
      await page.context().close()
    }
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    // The browser logs a rejected request as an error.
    expect(stage.complaints.filter((complaint) => !complaint.includes('status of 400'))).toEqual([])
  })
})
