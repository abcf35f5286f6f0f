// On a phone: data near the top, one scroll area, and no violation of axe with an open drawer.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { Scenery } from '../kit/scenery.ts'
import { scenes } from '../kit/scenes.ts'
import { chromiumPath, violations } from '../kit/stage.ts'

const phone = { width: 390, height: 844 }
const mostAbove = 160

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
