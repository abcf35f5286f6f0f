import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const rangeOf = (page: Page): string => new URL(page.url()).searchParams.get('t') ?? ''
const open = async (page: Page): Promise<void> => {
  await page.locator('.time-control > button').click()
  await page.getByRole('dialog', { name: 'Time range' }).waitFor()
}
const zoned = { timezoneId: 'Asia/Kolkata', locale: 'en-US' } as const

describe.skipIf(chromiumPath === undefined)('chromium: times', () => {
  const stage = useStage()

  test('every form of a time is read in the selected zone, and the zone is on every page', async () => {
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now', zoned)
    await page.getByRole('contentinfo').getByRole('button', { name: 'Times: Local (UTC+5:30)' }).waitFor()
    const year = new Date().getUTCFullYear() - 1
    for (const [from, to, range] of [
      [`${year}-03-05 10:00`, `Mar 5 ${year}, 11:30:15`, `${year}-03-05T04:30:00.000Z..${year}-03-05T06:00:15.000Z`],
      [`5 March ${year}, 10:00`, `${year}-03-05T05:00Z`, `${year}-03-05T04:30:00.000Z..${year}-03-05T05:00:00.000Z`],
      ['1700000000', '1700003600000', '2023-11-14T22:13:20.000Z..2023-11-14T23:13:20.000Z'],
      ['2 h ago', 'now', 'now-2h..now'],
    ] as const) {
      await open(page)
      await page.getByRole('textbox', { name: 'From' }).fill(from)
      await page.getByRole('textbox', { name: 'To' }).fill(to)
      await page.getByRole('button', { name: 'Apply this time range' }).click()
      await expect.poll(() => rangeOf(page)).toBe(range)
    }
    await open(page)
    await page.getByRole('textbox', { name: 'From' }).fill('soon')
    expect(await page.getByRole('alert').textContent()).toContain('“soon” is not a time')
    await page.getByRole('textbox', { name: 'From' }).fill('yesterday 14:05')
    await page.getByRole('textbox', { name: 'To' }).fill('yesterday 14:06')
    await page.getByRole('button', { name: 'Apply this time range' }).click()
    await expect.poll(() => rangeOf(page)).toMatch(/T08:35:00\.000Z\.\.\d{4}-\d\d-\d\dT08:36:00\.000Z$/)
    expect(await page.locator('.time-control > button').textContent()).toMatch(/14:05:00 – 14:06:00/)
    await page
      .getByRole('contentinfo')
      .getByRole('button', { name: /^Times:/ })
      .click()
    await expect.poll(() => page.locator('.time-control > button').textContent()).toMatch(/08:35:00 – 08:36:00 UTC/)
    await page.goto(`${stage.weir.url}/resources`)
    await page.getByRole('contentinfo').getByRole('button', { name: 'Times: UTC' }).waitFor()
    await page.context().close()
  })

  test('the calendar selects days, by pointer and keyboard, and a copied link has fixed times', async () => {
    await stage.filled()
    const page = await stage.page('/flows?v=1&live=0', { ...zoned, permissions: ['clipboard-read', 'clipboard-write'] })
    await open(page)
    const calendar = page.getByRole('group', { name: 'Calendar' })
    await calendar.getByRole('button', { name: 'Previous month' }).click()
    // The last week can have days of the next month.
    await calendar
      .getByRole('button', { name: / 3, \d+, first day$/ })
      .first()
      .click()
    await calendar
      .getByRole('button', { name: / 5, \d+, last day$/ })
      .first()
      .click()
    const days = /^(\d{4}-\d\d)-02T18:30:00\.000Z\.\.\1-05T18:30:00\.000Z$/
    await expect.poll(() => rangeOf(page)).toMatch(days)
    await open(page)
    expect(await violations(page)).toEqual([])
    await calendar.locator('td [tabindex="0"]').focus()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('PageUp')
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await expect.poll(() => rangeOf(page)).not.toMatch(days)
    const [from = '', to = ''] = rangeOf(page).split('..')
    expect(Date.parse(to) - Date.parse(from)).toBe(2 * 86_400_000)
    await open(page)
    await page.getByRole('button', { name: 'Last 1 h', exact: true }).click()
    await expect.poll(() => rangeOf(page)).toBe('now-1h..now')
    await open(page)
    await page.getByRole('button', { name: 'Copy link with fixed times' }).click()
    await page.getByText('Copied.').waitFor()
    const link = new URL(await page.evaluate<string>('navigator.clipboard.readText()'))
    const [begin = '', end = ''] = (link.searchParams.get('t') ?? '').split('..')
    expect(Date.parse(end) - Date.parse(begin)).toBe(3_600_000)
    expect(Math.abs(Date.now() - Date.parse(end))).toBeLessThan(600_000)
    const other = await stage.page(link.pathname + link.search)
    await other.locator('.grid-body [role="row"]').first().waitFor()
    await other.context().close()
    await page.context().close()
  })

  test('dragging on a chart sets the range of the page; a button and the browser undo it', async () => {
    await stage.filled()
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now', zoned)
    const plot = page.locator('.volume .u-over')
    await plot.waitFor()
    const drag = async (): Promise<void> => {
      const bounds = await plot.boundingBox()
      if (bounds === null) throw new Error('the chart has no size')
      const [y, right] = [bounds.y + bounds.height / 2, bounds.x + bounds.width]
      await page.mouse.move(right - bounds.width / 4, y)
      await page.mouse.down()
      await page.mouse.move(right - 4, y, { steps: 5 })
      await page.mouse.up()
    }
    await drag()
    await expect.poll(() => rangeOf(page)).toMatch(/^\d{4}-.*Z\.\.\d{4}-/)
    const first = rangeOf(page)
    const back = page.getByRole('button', { name: 'Back to the previous time range' })
    await back.waitFor()
    expect(await violations(page)).toEqual([])
    await back.click()
    await expect.poll(() => rangeOf(page)).toBe('now-1h..now')
    await expect.poll(() => back.count()).toBe(0)
    await plot.waitFor()
    await drag()
    await expect.poll(() => rangeOf(page)).toMatch(/^\d{4}-/)
    await page.goBack()
    await expect.poll(() => rangeOf(page)).toBe('now-1h..now')
    await expect.poll(() => back.count()).toBe(0)
    expect(first).not.toBe('')
    await page.context().close()
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
