// `WEIR_DATA_SET=FOLDER` runs them on the flows of FOLDER, for example five million of kit/data-set/make.ts.
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { useBigStage } from '../kit/big-stage.ts'
import { figure } from '../kit/figures.ts'
import { chromiumPath, gridRows, violations } from '../kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: charts and tables of many flows', () => {
  const stage = useBigStage()
  const flows = (query: Readonly<Record<string, string>>, width = 1440): Promise<Page> =>
    stage.page(`/flows?${new URLSearchParams({ v: '1', live: '0', t: stage.time, ...query })}`, {
      viewport: { width, height: 900 },
    })
  const total = new Intl.NumberFormat('en-US')

  test('a legend isolates and toggles series by mouse and keyboard', async () => {
    const page = await flows({})
    const chart = page.locator('.volume .chart')
    await chart.locator('canvas').first().waitFor({ state: 'attached' })
    const legend = chart.locator('button.legend')
    const pressed = (): Promise<boolean[]> =>
      legend.evaluateAll((all) => all.map((one) => one.getAttribute('aria-pressed') === 'true'))
    const entries = await legend.count()
    expect(entries).toBeGreaterThan(2)
    const only = (...shown: number[]): boolean[] => Array.from({ length: entries }, (_, at) => shown.includes(at))
    const all = Array.from({ length: entries }, () => true)
    await legend.nth(1).click()
    expect(await pressed()).toEqual(only(1))
    await legend.nth(0).click()
    expect(await pressed()).toEqual(only(0, 1))
    await legend.nth(0).click()
    await legend.nth(1).press('Enter')
    expect(await pressed()).toEqual(all)
    await legend.nth(2).press('Shift+Enter')
    expect(await pressed()).toEqual(all.with(2, false))
    const hidden = (await legend.nth(2).textContent()) ?? ''
    await chart.locator('.u-over').hover({ position: { x: 200, y: 20 } })
    await page.locator('.chart-read').waitFor()
    expect(await page.locator('.chart-read dt').allTextContents()).not.toContain(hidden)
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('a tooltip follows the pointer in the order of the values and covers no data of its chart', async () => {
    const page = await flows({ view: 'overview' })
    const chart = page.locator('.chart').first()
    const over = chart.locator('.u-over')
    await over.waitFor()
    const place = (await over.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    const lefts: number[] = []
    for (const share of [0.3, 0.5, 0.7]) {
      await page.mouse.move(place.x + share * place.width, place.y + place.height / 2)
      const tip = page.locator('.chart-read:popover-open')
      await tip.waitFor()
      const box = (await tip.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
      lefts.push(box.x)
      expect(Math.abs(box.x + box.width / 2 - (place.x + share * place.width))).toBeLessThan(3)
      expect(box.y >= place.y + place.height || box.y + box.height <= place.y).toBe(true)
      const values = await tip.locator('dd').allTextContents()
      const bytes = values.slice(1).map(inBytes)
      const [largest = 0, ...others] = bytes.slice(0, -2)
      expect(others.every((value, at) => value <= [largest, ...others][at]!)).toBe(true)
    }
    expect(lefts).toEqual(lefts.toSorted((a, b) => a - b))
    await page.mouse.move(5, 5)
    await expect.poll(() => page.locator('.chart-read:popover-open').count()).toBe(0)
    await page.context().close()
  })

  test('the last row of the whole table is reachable by key and button, and rows before it follow', async () => {
    const page = await flows({ cols: '_pos,time_received,bytes' })
    await page.getByText(`of ${total.format(stage.span.rows)} flows`).waitFor({ timeout: 300_000 })
    const [last] = await stage.weir.sql<{ p: string }>(
      'SELECT _pos AS p FROM flows ORDER BY time_received, _pos DESC LIMIT 1',
    )
    await page.locator('[data-at="0:0"]').focus()
    const began = performance.now()
    await page.keyboard.press('Control+End')
    const row = page.locator(`.grid-body [aria-rowindex="${stage.span.rows + 1}"]`)
    await row.waitFor({ timeout: 300_000 })
    figure(`last of ${total.format(stage.span.rows)} rows`, Math.round(performance.now() - began), 'ms')
    expect(await row.locator('[role="gridcell"]').first().textContent()).toBe(last?.p)
    await expect
      .poll(() => page.evaluate('document.activeElement?.closest("[aria-rowindex]")?.ariaRowIndex'))
      .toBe(String(stage.span.rows + 1))
    const seen = new Set<string>()
    for (let pressed = 0; seen.size < 1200 && pressed < 200; pressed++) {
      for (const [position = ''] of await gridRows(page)) seen.add(position)
      await page.keyboard.press('PageUp')
      await page.evaluate('new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))')
    }
    const before = await stage.weir.sql<{ p: string }>(
      'SELECT _pos AS p FROM flows ORDER BY time_received, _pos DESC LIMIT 1000',
    )
    expect(before.filter(({ p }) => !seen.has(p))).toEqual([])
    await page.getByRole('button', { name: 'First rows' }).click()
    await page.locator('.grid-body [aria-rowindex="2"]').waitFor()
    await page.getByRole('button', { name: 'Last rows' }).click()
    await row.waitFor({ timeout: 300_000 })
    await page.context().close()
  }, 900_000)

  test('tables fill 1920 px and remember the width of a column', async () => {
    const page = await flows({ cols: 'time_received,bytes' }, 1920)
    const right = (of: string): Promise<number> =>
      page.locator(of).evaluate((element) => element.getBoundingClientRect().right)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    expect(Math.abs((await right('[data-at="0:1"]')) - (await right('.grid-body')))).toBeLessThan(2)
    expect(1920 - (await right('.grid-body'))).toBeLessThan(40)
    await page.locator('[data-at="-1:1"]').focus()
    for (let pressed = 0; pressed < 3; pressed++) await page.keyboard.press('Shift+ArrowLeft')
    const width = (): Promise<number> =>
      page.locator('[data-at="-1:1"]').evaluate((element) => element.getBoundingClientRect().width)
    const chosen = await width()
    expect(Math.abs((await right('[data-at="0:1"]')) - (await right('.grid-body')))).toBeLessThan(2)
    await page.goto(`${stage.weir.url}/flows?${new URLSearchParams({ v: '1', live: '0', t: stage.time })}`)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const kept = await page.evaluate('localStorage.getItem("weir-widths")')
    expect(JSON.parse(String(kept))).toEqual({ flows: { bytes: Math.round(chosen) } })
    await page.context().close()
  })

  test('CSV as shown has the titles, order and units of the screen; raw values are an option', async () => {
    const q = 'exists(dns_latency)'
    const cols = 'time_received,src,dst_port,bytes_est,dns_latency'
    const page = await flows({ q, cols, sort: '-bytes_est' })
    await page.locator('.grid-body [role="row"]').nth(5).waitFor()
    const shown = (await gridRows(page)).slice(0, 5)
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('link', { name: 'CSV, visible columns, raw values' }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: 400_000 }),
      page.getByRole('button', { name: 'CSV, as shown' }).click(),
    ])
    const lines = (await readFile(await download.path(), 'utf8')).split('\r\n')
    const [counted] = await stage.weir.sql<{ n: number }>(
      'SELECT count(*)::INT AS n FROM flows WHERE dns_latency IS NOT NULL',
    )
    expect(lines).toHaveLength((counted?.n ?? 0) + 2)
    expect(lines[0]).toMatch(/^Received \([^)]+\),Source,Port,[^,]+,[^,]+$/)
    for (const [at, row] of shown.entries()) {
      const cells = (lines[at + 1] ?? '').split(',')
      expect(cells[0]).toContain(row[0])
      expect(cells[2]).toBe(row[2])
      expect(cells[3]).toBe((row[3] ?? '').replace(/ .*/, '').replaceAll(',', ''))
      expect(cells[4]).toBe(row[4])
    }
    await page.context().close()
  }, 480_000)
})

/** `1.5 MB/s`. */
function inBytes(text: string): number {
  const [, number = '0', unit = ''] = /([\d.,]+) (\w*)B/.exec(text) ?? []
  return Number(number.replaceAll(',', '')) * 1000 ** ['', 'k', 'M', 'G', 'T'].indexOf(unit)
}
