import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: what stands around the pages', () => {
  const stage = useStage()

  test('a view is saved under a name, found by it in the palette of another profile, renamed and deleted', async () => {
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
    await page.getByLabel('New name of Web traffic').fill('HTTPS')
    await page.keyboard.press('Enter')
    await list.getByRole('button', { name: 'Delete HTTPS' }).click()
    await list.getByText('None yet').waitFor()
    await page.context().close()
    await other.context().close()
  })

  test('the theme is the reader’s, and stays', async () => {
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

  test('without a path one comes to Home until something has come, and to Flows from then on', async () => {
    const fresh = await stage.page('/')
    await fresh.getByRole('heading', { name: 'Nothing has come yet' }).waitFor()
    expect(new URL(fresh.url()).pathname).toBe('/home')
    await fresh.context().close()
    await stage.flows(500)
    await stage.stored(1)
    const later = await stage.page('/')
    await later.getByRole('combobox', { name: 'Filter' }).waitFor()
    expect(new URL(later.url()).pathname).toBe('/flows')
    await later.context().close()
  })

  test('the list of keys is what the page does: each group that is shown works, and single keys can be turned off for good', async () => {
    await stage.flows(500)
    await stage.stored(1)
    const page = await stage.page('/flows?v=1&live=0')
    await page.getByRole('grid').waitFor()
    await page.getByRole('slider', { name: 'Bytes per second by source: time' }).waitFor()
    await page.keyboard.press('?')
    const list = page.getByRole('dialog', { name: 'Keys' })
    expect(await list.getByRole('heading', { level: 3 }).allTextContents()).toEqual(
      expect.arrayContaining(['Everywhere', 'In the filter', 'In a table', 'In a chart', 'In the tabs (Views)']),
    )
    await list.getByText('go to Pipeline').waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    // A pair, a sign, and the way into a field, where single keys write.
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
    await page.getByRole('checkbox', { name: 'Single letters' }).uncheck()
    await page.reload()
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
    for (const key of ['?', 'g', 'h', '/']) await page.keyboard.press(key)
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(new URL(page.url()).pathname).toBe('/settings')
    // What needs Ctrl goes on.
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog', { name: 'Pages and commands' }).waitFor()
    await page.context().close()
  })

  test('settings: theme and height of rows hold on every page and in other tabs, and it says who one is and which version this is', async () => {
    const page = await stage.page('/settings', { colorScheme: 'light' })
    await page.getByRole('heading', { name: 'This Weir' }).waitFor()
    const health = await stage.weir.get<{ version: string }>('/api/v1/health')
    await page.getByRole('region', { name: 'This Weir' }).getByText(health.version).waitFor()
    await page.getByRole('region', { name: 'Who you are here' }).getByText('admin: everything').waitFor()
    expect(await violations(page)).toEqual([])
    const other = await page.context().newPage()
    await other.goto(`${stage.weir.url}/flows?v=1&live=0`)
    await other.locator('.grid-body [role="row"]').first().waitFor()
    const height = (): Promise<number> =>
      other.evaluate('document.querySelector(".grid-body [role=row]").getBoundingClientRect().height')
    expect(await height()).toBe(28)
    await page.getByRole('group', { name: 'Rows of tables' }).getByRole('button', { name: 'large' }).click()
    await expect.poll(height).toBe(36)
    const second = (): Promise<number> =>
      other.evaluate(
        'document.querySelector("[aria-rowindex=\\"3\\"]").getBoundingClientRect().top - document.querySelector("[aria-rowindex=\\"2\\"]").getBoundingClientRect().top',
      )
    expect(await second()).toBe(36)
    await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'dark' }).click()
    await expect.poll(() => other.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(15, 18, 20)')
    await page.context().close()
  })

  test('an address that no page has says so, and one that is of another version says what was left out', async () => {
    const page = await stage.page('/nowhere')
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('link', { name: 'Go to Flows' }).click()
    await expect.poll(() => new URL(page.url()).pathname).toBe('/flows')
    await page.goto(`${stage.weir.url}/flows?v=9&q=bytes+%3E+1&shape=round`)
    await page.getByText('The address is of version 9').waitFor()
    await page.getByText('"shape" is nothing that this page knows.').waitFor()
    expect(await page.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('bytes > 1')
    await page.context().close()
  })

  test('a link whose filter is wrong opens, and says what is wrong with it', async () => {
    const page = await stage.page('/flows?v=1&q=dst_prt+%3D+443')
    await page.locator('.filter-error').getByText('dst_port').waitFor()
    expect(await page.getByRole('combobox', { name: 'Filter' }).getAttribute('aria-invalid')).toBe('true')
    await page.locator('.state').getByRole('button', { name: 'Try again' }).waitFor()
    await page.context().close()
  })

  test('a link of NetObserv’s console becomes a filter, and what has no counterpart is named', async () => {
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

  test('every page can be used at 320 px: nothing is wider than the window, and the ledger is in sight', async () => {
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

  test('no page had an error, refused content or a request to elsewhere', () => {
    // What a server refuses is an error for the browser's console, too.
    expect(stage.complaints.filter((complaint) => !complaint.includes('status of 400'))).toEqual([])
  })
})
