import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage } from '../kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: by keyboard alone', () => {
  const stage = useStage()
  const parameter = (page: Page, name: string): string | null => new URL(page.url()).searchParams.get(name)
  /** A tab has a prefix, because buttons can have the same name. */
  const focused = (page: Page): Promise<string> =>
    page.evaluate<string>(
      "(document.activeElement.role === 'tab' ? 'tab ' : '') + " +
        "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)",
    )

  async function press(page: Page, ...keys: string[]): Promise<void> {
    for (const key of keys) await page.keyboard.press(key)
  }

  /** Presses Tab until the element with this name has the focus; never sets the focus otherwise. */
  async function tabTo(page: Page, name: RegExp, key = 'Tab'): Promise<void> {
    for (let pressed = 0; pressed < 120; pressed++) {
      if (name.test(await focused(page))) return
      await press(page, key)
    }
    throw new Error(`no way by ${key} to ${name.source}, from ${await focused(page)}`)
  }

  test('check 39: open, filter, sort, open a row, reorder columns, zoom, traverse the graph, export', async () => {
    await stage.filled()
    const page = await stage.page('/home')
    await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor()

    await press(page, 'Control+k')
    await page.getByRole('combobox', { name: 'Page or command' }).waitFor()
    await page.keyboard.type('flows')
    await press(page, 'Enter')
    await expect.poll(() => new URL(page.url()).pathname).toBe('/flows')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await press(page, 'Control+k')
    await page.keyboard.type('Show stored')
    await page.getByRole('option', { name: 'Show stored flows' }).waitFor()
    await press(page, 'Enter')
    await expect.poll(() => parameter(page, 'live')).toBe('0')
    await page.getByText('stored, complete').waitFor()

    await tabTo(page, /^Filter$/)
    await page.keyboard.type('dst_po')
    // Completions of earlier letters disappear with the last response.
    await expect.poll(() => page.getByRole('option').first().textContent()).toMatch(/^dst_port/)
    await press(page, 'ArrowDown', 'Enter')
    await page.keyboard.type('= 54')
    await expect.poll(() => page.getByRole('option').first().textContent()).toMatch(/5432/)
    await press(page, 'ArrowDown', 'Enter', 'Escape', 'Enter')
    await expect.poll(() => parameter(page, 'q')).toBe('dst_port = 5432')
    await expect.poll(async () => (await gridRows(page)).every((row) => row[4] === '5432')).toBe(true)

    await tabTo(page, /^\d\d:\d\d:\d\d/)
    await press(page, 'ArrowUp', 'End', 'ArrowLeft', 'ArrowLeft')
    expect(await focused(page)).toBe('Bytes')
    await press(page, 'Enter')
    await expect
      .poll(() => page.getByRole('columnheader', { name: 'Bytes' }).getAttribute('aria-sort'))
      .toBe('descending')
    expect(parameter(page, 'sort')).toBe('-bytes_est')
    await expect.poll(() => focused(page)).toBe('Bytes ↓')

    await press(page, 'ArrowDown', 'Home', 'Enter')
    await page.getByRole('complementary', { name: 'Flow' }).waitFor()
    await press(page, 'Escape')
    await expect.poll(() => page.getByRole('complementary', { name: 'Flow' }).count()).toBe(0)

    await tabTo(page, /^Columns/, 'Shift+Tab')
    await press(page, 'Enter')
    await page.getByRole('searchbox', { name: 'Find a field' }).waitFor()
    await tabTo(page, /^Move Source left$/)
    await press(page, 'Enter')
    await expect.poll(() => parameter(page, 'cols')).toMatch(/^src,time_received,/)
    await press(page, 'Escape')

    const [all] = await stage.weir.sql<{ n: number }>('SELECT count(*)::INT AS n FROM flows WHERE dst_port = 5432')
    const before = String((all?.n ?? 0) + 1)
    await expect
      .poll(() =>
        page
          .getByRole('grid')
          .getAttribute('aria-rowcount')
          .catch(() => null),
      )
      .toBe(before)
    await page.locator('.chart-place canvas').first().waitFor()
    await tabTo(page, /^Bytes per second by source: time$/)
    await press(page, 'End', ...new Array<string>(90).fill('Shift+ArrowLeft'), 'Enter')
    await expect.poll(() => parameter(page, 't')).toMatch(/^\d{4}-.*Z\.\.\d{4}-.*Z$/)
    const [from, to] = (parameter(page, 't') ?? '').split('..')
    const [inside] = await stage.weir.sql<{ n: number }>(
      `SELECT count(*)::INT AS n FROM flows WHERE dst_port = 5432 AND time_received >= '${from}'
        AND time_received < '${to}'`,
    )
    expect(inside?.n).toBeGreaterThan(0)
    await expect
      .poll(() =>
        page
          .getByRole('grid')
          .getAttribute('aria-rowcount')
          .catch(() => null),
      )
      .toBe(String((inside?.n ?? 0) + 1))
    await page.goBack()
    await expect
      .poll(() =>
        page
          .getByRole('grid')
          .getAttribute('aria-rowcount')
          .catch(() => null),
      )
      .toBe(before)

    await tabTo(page, /^tab Table$/, 'Shift+Tab')
    await press(page, 'ArrowRight')
    await expect.poll(() => parameter(page, 'view')).toBe('conversations')
    await page.locator('[data-tab="conversations"]:focus').waitFor()
    await press(page, 'ArrowRight')
    await expect.poll(() => parameter(page, 'view')).toBe('topology')
    await page.locator('.graph-place').waitFor()
    await tabTo(page, /^Topology of \d+ nodes/)
    await press(page, 'Home')
    await expect.poll(() => parameter(page, 'node')).not.toBe(null)
    const first = parameter(page, 'node')
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp'])
      if (parameter(page, 'node') === first) await press(page, key)
    await expect.poll(() => parameter(page, 'node')).not.toBe(first)
    await press(page, 'Enter')
    await expect.poll(() => parameter(page, 'q')).toMatch(/^dst_port = 5432 and /)

    await tabTo(page, /^tab Topology$/, 'Shift+Tab')
    await press(page, 'ArrowLeft')
    await expect.poll(() => parameter(page, 'view')).toBe('conversations')
    await page.locator('[data-tab="conversations"]:focus').waitFor()
    await press(page, 'ArrowLeft')
    await expect.poll(() => parameter(page, 'view')).toBe(null)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await tabTo(page, /^Export/)
    await press(page, 'Enter')
    await tabTo(page, /^CSV, visible columns/)
    const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Enter')])
    expect(file.suggestedFilename()).toBe('weir-flows.csv')
    await page.context().close()
  }, 480_000)

  test('the selection and the cursor of a chart stay while new data arrive', async () => {
    await stage.filled()
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now&refresh=5')
    const chart = page.getByRole('slider', { name: 'Bytes per second by source: time' })
    const valueText = (): Promise<string | null> => chart.getAttribute('aria-valuetext')
    await page.locator('.chart-place canvas').first().waitFor()
    await tabTo(page, /^Bytes per second by source: time$/)
    await press(page, 'End', ...new Array<string>(20).fill('Shift+ArrowLeft'))
    const before = await valueText()
    expect(before).toMatch(/20 of \d+ times selected/)
    // The last of these steps has only begun.
    const step = 3600 / Number(await chart.getAttribute('aria-valuemax'))
    const reads = (before ?? '').slice(0, before?.indexOf(': '))
    for (let answers = 0; answers < 3; answers++)
      await page.waitForResponse((response) => response.url().includes('/api/v1/series'))
    await expect.poll(() => page.locator('.chart-place canvas').count()).toBe(1)
    expect(await valueText()).toMatch(/20 of \d+ times selected/)
    expect(await valueText()).toContain(reads)
    await press(page, 'Enter')
    await expect.poll(() => parameter(page, 't')).toMatch(/^\d{4}-.*Z\.\.\d{4}-.*Z$/)
    const [from, to] = (parameter(page, 't') ?? '').split('..').map((iso) => Date.parse(iso) / 1000)
    expect((to ?? 0) - (from ?? 0)).toBe(20 * step)
    await page.context().close()
  })

  test('groups by keyboard: select, sort, open and return', async () => {
    await stage.filled()
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await tabTo(page, /^Group by/)
    await press(page, 'Enter')
    await tabTo(page, /^Service port$/)
    await press(page, 'Enter')
    await expect.poll(() => parameter(page, 'group')).toBe('service_port')
    const groups = await stage.weir.sql<{ port: number; n: number }>(
      'SELECT service_port::INT AS port, count(*)::INT AS n FROM flows GROUP BY ALL ORDER BY n DESC, port',
    )
    await page.getByRole('columnheader', { name: 'Flows' }).waitFor()
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await tabTo(page, /^(\d+|–)/)
    await press(page, 'ArrowUp', 'End', 'ArrowLeft')
    expect(await focused(page)).toBe('Flows')
    await press(page, 'Enter')
    await expect
      .poll(async () => (await gridRows(page))[0]?.[3])
      .toBe(new Intl.NumberFormat('en-US').format(groups[0]?.n ?? 0))
    await press(page, 'ArrowDown', 'Enter')
    await expect.poll(() => parameter(page, 'q')).toBe(`service_port = ${groups[0]?.port}`)
    await expect
      .poll(() =>
        page
          .getByRole('grid')
          .getAttribute('aria-rowcount')
          .catch(() => null),
      )
      .toBe(String((groups[0]?.n ?? 0) + 1))
    await page.goBack()
    await expect.poll(() => parameter(page, 'group')).toBe('service_port')
    await page.context().close()
  })
})
