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
    await expect.poll(() => other.getByRole('combobox', { name: 'Filter' }).inputValue().catch(() => '')).toBe('dst_port = 443')
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
    await filter.fill('https://console.example/netflow-traffic?timeRange=300&filters=src_namespace%3D"shop"%3Bdst_port%3D5432&bogus=1')
    await filter.press('Escape')
    await filter.press('Enter')
    await expect.poll(() => filter.inputValue()).toMatch(/src_namespace.*shop.*dst_port.*5432/)
    await page.context().close()
  })

  test('every page can be used at 320 px: nothing is wider than the window, and the ledger is in sight', async () => {
    for (const path of ['/flows', '/flows?v=1&live=0', '/events', '/pipeline', '/nowhere']) {
      const page = await stage.page(path, { viewport: { width: 320, height: 640 } })
      await page.getByRole('contentinfo').getByText(/^accepted/).waitFor()
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
