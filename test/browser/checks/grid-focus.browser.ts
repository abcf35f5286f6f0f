import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage } from '../kit/stage.ts'

const stored = '/flows?v=1&live=0&t=now-1h..now'

/** Row and column of the focused cell, or the element that has the focus instead. */
function focus(page: Page): Promise<string> {
  return page.evaluate<string>(
    `document.activeElement.closest('[data-at]')?.dataset.at ??
      document.activeElement.localName + ' ' + (document.activeElement.ariaLabel ?? '')`,
  )
}

function title(page: Page): Promise<string> {
  return page.evaluate<string>(
    `(() => {
      const [, column] = document.activeElement.closest('[data-at]').dataset.at.split(':')
      return document.querySelector('[data-at="-1:' + column + '"] .grid-title').textContent
    })()`,
  )
}

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

/** Changes the URL as links do, without moving the focus. */
async function change(page: Page, parameters: Readonly<Record<string, string | null>>): Promise<void> {
  await page.evaluate(`(() => {
    const url = new URL(location.href)
    for (const [name, value] of Object.entries(${JSON.stringify(parameters)}))
      value === null ? url.searchParams.delete(name) : url.searchParams.set(name, value)
    history.pushState(null, '', url)
    dispatchEvent(new PopStateEvent('popstate'))
  })()`)
}

describe.skipIf(chromiumPath === undefined)('chromium: the focus in a table', () => {
  const stage = useStage()

  async function at(path: string, cell: string): Promise<Page> {
    await stage.filled()
    const page = await stage.page(path)
    await page.locator(`[data-at="${cell}"]`).focus()
    return page
  }

  test('stays at the last and the first row, also when the first is wanted before the last has arrived', async () => {
    const rows = await stage.filled()
    const page = await at(stored, '0:0')
    await page.getByRole('button', { name: 'Last rows' }).waitFor()
    await press(page, 'Control+End', ...Array<string>(3).fill('ArrowUp'), 'Control+Home')
    expect(await focus(page)).toBe('0:0')
    await press(page, 'ArrowDown')
    expect(await focus(page)).toBe('1:0')
    await press(page, 'Control+End')
    const last = page.locator(`.grid-body [aria-rowindex="${rows + 1}"]`)
    await last.locator(':focus').waitFor()
    expect(await last.locator(':focus').getAttribute('aria-colindex')).toBe(
      await page.getByRole('grid').getAttribute('aria-colcount'),
    )
    await press(page, 'ArrowUp')
    await page.locator(`.grid-body [aria-rowindex="${rows}"] :focus`).waitFor()
    await press(page, 'Control+Home')
    expect(await focus(page)).toBe('0:0')
    await page.getByRole('button', { name: 'Last rows' }).click()
    await page.locator(`.grid-body [aria-rowindex="${rows + 1}"] :focus`).waitFor()
    await page.getByRole('button', { name: 'First rows' }).click()
    await page.locator('.grid-body [aria-rowindex="2"] :focus').waitFor()
    await page.context().close()
  })

  test('stays in its row when rows are added before it', async () => {
    const page = await at(stored, '0:0')
    await page.getByRole('button', { name: 'Last rows' }).waitFor()
    await press(page, 'Control+End')
    await page.getByRole('button', { name: 'First rows' }).waitFor()
    const row = (): Promise<string> => page.evaluate(`document.activeElement.closest('[aria-rowindex]')?.ariaRowIndex`)
    let before = Number(await row())
    const end = before - 1200
    for (let pressed = 0; before > end && pressed < 400; pressed++) {
      await press(page, 'PageUp')
      const now = Number(await row())
      // Not less while the rows before the first one load.
      expect(now).toBeLessThanOrEqual(before)
      before = now
    }
    expect(before).toBeLessThanOrEqual(end)
    await page.context().close()
  })

  test('stays in its cell when the table is scrolled away from it', async () => {
    const page = await at(stored, '3:2')
    await page.getByRole('grid').hover()
    for (let turns = 0; turns < 12; turns++) {
      await page.mouse.wheel(0, 900)
      await page.evaluate('new Promise((done) => requestAnimationFrame(done))')
      expect(await focus(page)).toBe('3:2')
    }
    expect(await page.getByRole('grid').evaluate((grid) => grid.scrollTop)).toBeGreaterThan(2000)
    await press(page, 'ArrowDown')
    await expect.poll(() => focus(page)).toBe('4:2')
    await page.context().close()
  })

  test('stays in its cell when another response replaces the rows', async () => {
    const page = await at(`${stored}&refresh=5`, '7:3')
    for (let responses = 0; responses < 2; responses++) {
      await page.waitForResponse((response) => response.url().includes('/api/v1/flows?'))
      await page.getByRole('region', { name: 'Stored flows' }).and(page.locator('[aria-busy="false"]')).waitFor()
      expect(await focus(page)).toBe('7:3')
    }
    await page.context().close()
  })

  test('goes to the last row of fewer rows, waits in the section of no rows, and returns with the rows', async () => {
    const page = await at(stored, '0:4')
    await press(page, 'PageDown', 'PageDown')
    await change(page, { q: 'dst_port = 5432 and bytes > 0', t: 'now-1h..now', sort: '' })
    const region = page.getByRole('region', { name: 'Stored flows' })
    await region.and(page.locator('[aria-busy="false"]')).waitFor()
    expect(await focus(page)).toMatch(/^\d+:4$/)
    await change(page, { q: 'dst_port = 5432 and bytes < 0' })
    await page
      .getByText(/^No flow/)
      .first()
      .waitFor()
    expect(await focus(page)).toBe('section Stored flows')
    await change(page, { q: null })
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await expect.poll(() => focus(page)).toMatch(/^\d+:4$/)
    await page.context().close()
  })

  test('stays in the heading when its sort replaces newest by stored flows', async () => {
    await stage.filled()
    const page = await stage.page('/flows')
    const bytes = page.getByRole('columnheader', { name: 'Bytes' })
    await bytes.focus()
    await press(page, 'Enter')
    await page.getByRole('region', { name: 'Stored flows' }).getByRole('grid').waitFor()
    await expect.poll(() => focus(page)).toMatch(/^-1:/)
    expect(await title(page)).toMatch(/^Bytes/)
    await press(page, 'Enter')
    await expect.poll(() => bytes.getAttribute('aria-sort')).toBe('ascending')
    expect(await title(page)).toMatch(/^Bytes/)
    await page.context().close()
  })

  test('stays in its column when columns move, and in its row when the column is hidden', async () => {
    const page = await at(`${stored}&cols=time_received,src,dst,dst_port,bytes`, '5:3')
    expect(await title(page)).toBe('Port')
    await change(page, { cols: 'dst_port,time_received,src,dst,bytes' })
    await expect.poll(() => focus(page)).toBe('5:0')
    expect(await title(page)).toBe('Port')
    await change(page, { cols: 'src,dst,dst_port' })
    await expect.poll(() => focus(page)).toBe('5:2')
    await change(page, { cols: 'src,dst' })
    await expect.poll(() => focus(page)).toBe('5:1')
    await page.locator('[data-at="-1:1"]').focus()
    await press(page, 'Control+Shift+ArrowLeft')
    await expect.poll(() => focus(page)).toBe('-1:0')
    expect(await title(page)).toBe('Destination')
    await page.context().close()
  })

  test('returns from the drawer of a row that is gone', async () => {
    const page = await at(stored, '0:0')
    await press(page, 'PageDown', 'PageDown', 'Enter')
    await page.getByRole('complementary', { name: 'Flow' }).locator('dl').first().waitFor()
    const [rare] = await stage.weir.sql<{ port: number }>(
      'SELECT src_port::INT AS port FROM flows GROUP BY ALL HAVING count(*) < 10 ORDER BY port LIMIT 1',
    )
    await change(page, { q: `src_port = ${rare?.port}` })
    await expect.poll(async () => Number(await page.getByRole('grid').getAttribute('aria-rowcount'))).toBeLessThan(30)
    await press(page, 'Escape')
    await page.getByRole('complementary', { name: 'Flow' }).waitFor({ state: 'detached' })
    await expect.poll(() => focus(page)).toMatch(/^\d+:0$/)
    await page.context().close()
  })

  test('is not taken from the filter by the first rows of another result', async () => {
    const page = await at(stored, '0:0')
    await page.getByRole('button', { name: 'Last rows' }).click()
    await page.getByRole('button', { name: 'First rows' }).waitFor()
    const filter = page.getByRole('combobox', { name: 'Filter' })
    await filter.fill('dst_port = 5432')
    await filter.press('Escape')
    await filter.press('Enter')
    await page.getByRole('button', { name: 'First rows' }).waitFor({ state: 'detached' })
    await page.locator('.grid-body [aria-rowindex="2"]').waitFor()
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Filter')
    await page.context().close()
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
