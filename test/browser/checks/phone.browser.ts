// On a phone: data near the top, one scroll area, all pages in the menu, rows of two lines, filters in a sheet, charts
// by touch, and no violation of axe with an open drawer, menu or sheet.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { Scenery } from '../kit/scenery.ts'
import { scenes } from '../kit/scenes.ts'
import { chromiumPath, violations } from '../kit/stage.ts'

const phone = { width: 390, height: 844 }
const touched = { viewport: phone, isMobile: true, hasTouch: true }
const mostAbove = 160
const pictures = process.env['WEIR_PICTURES']

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await mkdir(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `phone-${name}.png`) })
}

const names = [
  'home',
  'flows-live',
  'flows-table',
  'flows-overview',
  'flows-topology',
  'events',
  'pipeline',
  'dead-letters',
  'changes',
  'resources',
  'audit',
  'sql',
  'sql-start',
  'flows-topology-list',
  'insights',
  'inventory',
  'spend',
  'dashboards',
  'dashboards-one',
  'charts',
  'investigate',
  'docs',
  'settings',
]
const drawers = [
  'flows-table-record',
  'pipeline-sink',
  'dead-letters-one',
  'changes-one',
  'audit-one',
  'insights-problem',
  'inventory-one',
  'investigate-change',
]

const dataTop = (page: Page): Promise<number> =>
  page.evaluate<number>(`Math.min(...[...document.querySelectorAll(
    'main [role="grid"] .grid-body [role="row"], main canvas, main table tbody tr, main .panel li, main .panel p, ' +
    'main .panel svg, main .panel dd, main svg, main .home h2, ' +
    'main .page-line .number, main .overview-sum, main .cm-editor, main textarea, main .insight-tiles b, ' +
    'main .spend-currency header b, main .lane, main .docs h1')]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height > 0)
    .map((one) => Math.round(one.getBoundingClientRect().top)))`)

/** Scroll areas inside of a scroll area of the same direction, apart from small ones such as lists of a form. */
const doubleScroll = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const scrolls = (e) => /auto|scroll/.test(getComputedStyle(e).overflowY) && e.scrollHeight > e.clientHeight + 1 &&
      e.clientHeight > innerHeight / 4 && e.checkVisibility()
    const all = [...document.querySelectorAll('body, body *')].filter(scrolls)
    if (document.documentElement.scrollHeight > innerHeight + 1) all.push(document.documentElement)
    return all.filter((e) => all.some((other) => other !== e && other.contains(e)))
      .map((e) => e.tagName.toLowerCase() + '.' + e.className)
  })()`)

describe.skipIf(chromiumPath === undefined)('chromium: on a phone', () => {
  const scenery = new Scenery()
  const found = (list: readonly string[]) => scenes.filter(({ name }) => list.includes(name))

  beforeAll(async () => {
    if (chromiumPath !== undefined) await scenery.open(found([...names, ...drawers]).flatMap(({ on }) => on ?? []))
  }, 300_000)
  afterAll(() => scenery.close())

  test(`every page has data within the first ${mostAbove} px, and one scroll area`, async () => {
    const far: string[] = []
    for (const scene of found(names)) {
      const page = await scenery.play(scene, { viewport: phone, isMobile: true, hasTouch: true })
      const top = await dataTop(page)
      if (top > mostAbove) far.push(`${scene.name}: ${top} px`)
      far.push(...(await doubleScroll(page)).map((area) => `${scene.name}: ${area} scrolls inside of another`))
      await page.context().close()
    }
    expect(far.join('\n')).toBe('')
  }, 600_000)

  test('the names of a chart are in sight below it, and charts give their height to the details of a row', async () => {
    const opened = async (name: string): Promise<Page> =>
      scenery.play(found([name])[0]!, { viewport: phone, isMobile: true, hasTouch: true })
    const table = await opened('flows-table')
    const [names, chart] = [table.locator('.chart-names'), table.locator('.chart-place')]
    await names.getByRole('button').nth(2).waitFor()
    const boxes = await Promise.all([names.getByRole('button').nth(2), names, chart].map((one) => one.boundingBox()))
    const [third, row, drawing] = boxes.map((box) => box ?? { x: 0, y: 0, width: 0, height: 0 })
    expect(third!.x + third!.width).toBeLessThanOrEqual(row!.x + row!.width)
    expect(row!.y).toBeGreaterThanOrEqual(drawing!.y + drawing!.height)
    await table.context().close()
    const details = await opened('changes-one')
    expect(await details.locator('.volume').isVisible()).toBe(false)
    expect((await details.locator('aside.drawer').boundingBox())?.y).toBeLessThan(mostAbove)
    await details.context().close()
  }, 300_000)

  test('the menu has every page with its group, and Escape and a page close it', async () => {
    const page = await scenery.play(found(['flows-table'])[0]!, touched)
    const [button, menu] = [page.getByRole('button', { name: 'Pages: Flows' }), page.locator('#pages')]
    expect(await menu.isVisible()).toBe(false)
    await button.tap()
    expect(await menu.locator('h2').allTextContents()).toEqual(['Watch', 'Explore', 'Operate'])
    const links = menu.getByRole('link')
    expect(await links.count()).toBe(19)
    for (const link of await links.all()) {
      const box = await link.boundingBox()
      expect(box!.x + box!.width).toBeLessThanOrEqual(phone.width)
      expect(box!.y + box!.height).toBeLessThanOrEqual(phone.height)
      expect(box!.height).toBeGreaterThanOrEqual(40)
    }
    expect(await violations(page)).toEqual([])
    await picture(page, 'menu')
    await page.keyboard.press('Escape')
    await menu.waitFor({ state: 'hidden' })
    await button.tap()
    await menu.getByRole('link', { name: 'Dead letters' }).tap()
    await page.getByRole('heading', { name: 'Dead letters', level: 1 }).waitFor()
    expect(await menu.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Pages: Dead letters' }).waitFor()
    await page.context().close()
  }, 300_000)

  test.for([
    ['flows-table', /^Source\s*Destination\s*Bytes/, /^[\d,]+$/],
    ['events', /^Type/, undefined],
    ['changes', /^Operation\s*Kind\s*Name/, undefined],
    ['inventory', /^Name\s*Price/, undefined],
  ] as const)('rows of %s have two lines without a scroll bar below', async ([name, head, amount]) => {
    const page = await scenery.play(found([name])[0]!, touched)
    const grid = page.getByRole('grid').first()
    await grid.locator('.grid-body [role="row"]').first().waitFor()
    expect((await grid.locator('.grid-head').textContent())?.replaceAll(/[↑↓]/g, '')).toMatch(head)
    const row = grid.locator('.grid-body [role="row"]').first()
    const lines = await row.locator('.grid-line').all()
    expect(lines).toHaveLength(2)
    const [first, second] = await Promise.all(lines.map((line) => line.boundingBox()))
    expect(second!.y).toBeGreaterThanOrEqual(first!.y + first!.height - 1)
    expect(await grid.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0)
    if (amount !== undefined) {
      const bytes = row.locator('.grid-line').first().locator('.end')
      expect(await bytes.textContent()).toMatch(amount)
      const box = await bytes.boundingBox()
      expect(box!.x + box!.width).toBeGreaterThan(phone.width - 24)
    }
    await picture(page, `rows-${name}`)
    await row.tap()
    await page.locator('aside.drawer').waitFor()
    await page.context().close()
  })

  test('filters are in a sheet, its button shows them, and the rows follow', async () => {
    const page = await scenery.play(found(['flows-table'])[0]!, touched)
    const open = page.getByRole('button', { name: 'Filters' })
    expect(await page.getByRole('combobox', { name: 'Filter' }).count()).toBe(0)
    await open.tap()
    const sheet = page.getByRole('dialog', { name: 'Filters' })
    await sheet.getByRole('combobox', { name: 'Filter' }).fill('dst_port = 5432')
    await page.keyboard.press('Enter')
    await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('dst_port = 5432')
    await sheet.getByRole('button', { name: 'Both ways' }).tap()
    expect(await violations(page)).toEqual([])
    const box = await sheet.boundingBox()
    expect([Math.round(box!.x), Math.round(box!.width)]).toEqual([0, phone.width])
    await picture(page, 'sheet')
    await sheet.getByRole('button', { name: 'Show rows' }).tap()
    await sheet.waitFor({ state: 'hidden' })
    expect(await open.textContent()).toBe('Filtersdst_port = 5432, Both ways')
    await page.keyboard.press('/')
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Filter')
    await page.context().close()
  })

  test('a tap on a chart shows the values of that time, a horizontal touch selects a range', async () => {
    const page = await scenery.play(found(['flows-table'])[0]!, touched)
    const over = page.locator('.volume .u-over')
    await over.waitFor()
    const box = (await over.boundingBox())!
    await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2)
    await page.locator('.chart-read').waitFor()
    const touch = await page.context().newCDPSession(page)
    const at = (part: number) => [{ x: box.x + box.width * part, y: box.y + box.height / 2 }]
    const span = () => new URL(page.url()).searchParams.get('t') ?? ''
    const [from, to] = span()
      .split('..')
      .map((moment) => Date.parse(moment)) as [number, number]
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0.25) })
    for (const part of [0.35, 0.5, 0.65, 0.75])
      await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(part) })
    await page.locator('.chart-read').waitFor()
    await picture(page, 'touch')
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    await expect.poll(() => span().split('..').length === 2 && Date.parse(span().split('..')[0]!) > from).toBe(true)
    const [start, end] = span()
      .split('..')
      .map((moment) => (Date.parse(moment) - from) / (to - from))
    expect(start).toBeCloseTo(0.25, 1)
    expect(end).toBeCloseTo(0.75, 1)
    await page.context().close()
  }, 300_000)

  test('axe finds no violation in open drawers', async () => {
    const bad: string[] = []
    for (const scene of found(drawers)) {
      const page = await scenery.play(scene, { viewport: phone, isMobile: true, hasTouch: true })
      bad.push(...(await violations(page)).map((one) => `${scene.name}: ${one}`))
      await page.context().close()
    }
    expect(bad).toEqual([])
  }, 600_000)
})
