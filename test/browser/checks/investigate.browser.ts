// A workload of the demo in lanes: from Home to the change before a drop, pins in the link, and the report.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installedChromium, launch } from '../kit/chromium.ts'
import { Demo } from '../kit/demo.ts'
import { violations } from '../kit/stage.ts'

const chromiumPath = installedChromium()
const pollOptions = { timeout: 60_000 }

describe.skipIf(chromiumPath === undefined)('chromium: investigate a subject', () => {
  const demo = new Demo()
  let browser: Browser
  const errors: string[] = []

  const open = async (
    path: string,
    viewport = { width: 1440, height: 900 },
    options: BrowserContextOptions = {},
  ): Promise<Page> => {
    const page = await (await browser.newContext({ viewport, acceptDownloads: true, ...options })).newPage()
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(demo.url + path)
    return page
  }
  const arrived = async (page: Page) => {
    await expect.poll(() => page.locator('[data-lane][data-state="waiting"]').count(), pollOptions).toBe(0)
  }
  const around = () =>
    [-60_000, 40_000].map((ms) => new Date(Date.parse(demo.rollout.time) + ms).toISOString()).join('..')

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await demo.start()
    browser = await launch(chromiumPath)
    while (Date.now() < Date.parse(demo.rollout.time) + 45_000) await sleep(500)
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    demo.stop()
  })

  test('lanes distinguish no events from missing collection; a mark opens its change', async () => {
    const page = await open(`/investigate?v=1&live=0&t=${around()}&of=shop/api`)
    const lanes = page.getByRole('region', { name: 'Lanes' })
    await lanes.getByRole('img', { name: /flows, .*, at most/ }).waitFor(pollOptions)
    await arrived(page)
    const states = await lanes
      .locator('[data-lane]')
      .evaluateAll((all) => all.map((lane) => [lane.getAttribute('data-lane'), lane.getAttribute('data-state')]))
    const further = ['changes', 'audit', 'events', 'errors', 'problems', 'cost', 'gaps']
    expect(states.map(([name]) => name)).toEqual(['traffic', 'latency', 'drops', ...further])
    expect(states.slice(0, 4)).toEqual([
      ['traffic', 'shown'],
      ['latency', 'shown'],
      ['drops', 'shown'],
      ['changes', 'shown'],
    ])
    const drawer = page.getByRole('complementary', { name: 'Change', exact: true })
    await lanes.locator('[data-lane="changes"] .lane-mark').first().click()
    await drawer.waitFor(pollOptions)
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await page
      .getByText(/^rolled out: metadata\/labels\/role db-client → none/)
      .first()
      .click()
    await drawer.getByText('db-client').first().waitFor(pollOptions)
    expect(new URL(page.url()).searchParams.get('sel')).toBe(`changes:${demo.rollout.pos}`)
    await drawer.getByRole('link', { name: 'Its traffic' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await violations(page)).toEqual([])
    if (process.env['WEIR_PICTURES'] !== undefined)
      await page.screenshot({ path: join(process.env['WEIR_PICTURES'], 'investigate-dark.png') })
    await page.context().close()
  })

  test('two times are compared, and the link has them', async () => {
    const at = (ms: number) => new Date(Date.parse(demo.rollout.time) + ms).toISOString()
    const page = await open(`/investigate?v=1&live=0&t=${around()}&of=shop/api`)
    await page.getByRole('button', { name: 'Compare two times' }).click(pollOptions)
    const drawer = page.getByRole('complementary', { name: 'Compare two times' })
    await drawer.getByText(/^Traffic that differs/).waitFor(pollOptions)
    expect(await violations(page)).toEqual([])
    if (process.env['WEIR_PICTURES'] !== undefined)
      await page.screenshot({ path: join(process.env['WEIR_PICTURES'], 'investigate-compare.png') })
    const other = at(-30_000)
    await drawer.getByLabel('A', { exact: true }).fill(other)
    await drawer.getByLabel('A', { exact: true }).press('Enter')
    await expect.poll(() => new URL(page.url()).searchParams.get('a'), pollOptions).toBe(other)
    await drawer.getByText(/^Traffic that differs/).waitFor(pollOptions)
    expect(new URL(page.url()).searchParams.get('cmp')).toBe('1')
    await page.context().close()
  })

  test('a horizontal touch on a lane selects a range, ↶ undoes it, a vertical touch scrolls', async () => {
    const page = await open(
      `/investigate?v=1&live=0&t=${around()}&of=shop/api`,
      { width: 390, height: 844 },
      { hasTouch: true, isMobile: true },
    )
    const track = page.locator('[data-lane="traffic"] .lane-track')
    await page.getByRole('region', { name: 'Lanes' }).getByRole('img').first().waitFor(pollOptions)
    const touch = await page.context().newCDPSession(page)
    const box = (await track.boundingBox())!
    const at = (part: number) => [{ x: box.x + box.width * part, y: box.y + box.height / 2 }]
    const span = () => new URL(page.url()).searchParams.get('t') ?? ''
    const before = span()
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0.25) })
    for (const part of [0.35, 0.5, 0.65, 0.75])
      await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(part) })
    await page.locator('.lane-brushed').first().waitFor()
    // The finger rests: Chromium ignores a tap that follows a fling.
    for (const part of [0.751, 0.752, 0.751, 0.75]) {
      await sleep(60)
      await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(part) })
    }
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    await expect.poll(span, pollOptions).not.toBe(before)
    const [from, to] = before.split('..').map((each) => Date.parse(each)) as [number, number]
    const selected = span()
      .split('..')
      .map((each) => (Date.parse(each) - from) / (to - from))
    expect(selected[0]).toBeCloseTo(0.25, 1)
    expect(selected[1]).toBeCloseTo(0.75, 1)
    await page.getByRole('button', { name: 'Back to the previous time range' }).tap()
    await expect.poll(span, pollOptions).toBe(before)

    const scrolled = () =>
      page.evaluate<number>('Math.max(...[...document.querySelectorAll("*")].map((each) => each.scrollTop))')
    const top = await scrolled()
    const { x, y } = (await track.boundingBox())!
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: x + 60, y: y + 30 }] })
    for (const px of [5, 20, 40, 60, 80])
      await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x: x + 60, y: y + 30 - px }] })
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    await expect.poll(scrolled, pollOptions).toBeGreaterThan(top)
    expect(span()).toBe(before)
    await expect.poll(() => page.locator('.lane-brushed').count()).toBe(0)
    await page.context().close()
  })

  test('pins stay in the link, and the report has them first, with times in UTC', async () => {
    const page = await open(`/investigate?v=1&live=0&t=${around()}&of=shop/api`)
    await page
      .getByRole('button', { name: /^Pin Deployment shop\/api: rolled out/ })
      .first()
      .click(pollOptions)
    await expect
      .poll(() => new URL(page.url()).searchParams.get('pins'), pollOptions)
      .toBe(`changes:${demo.rollout.pos}`)
    await page.reload()
    await page.getByRole('button', { name: 'Pinned (1)' }).click(pollOptions)
    await expect.poll(() => page.getByRole('button', { name: /^Unpin / }).count(), pollOptions).toBe(1)
    const waiting = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export Markdown' }).click()
    const download = await waiting
    expect(download.suggestedFilename()).toBe('weir-deployment-shop-api.md')
    const report = await readFile(await download.path(), 'utf8')
    const pinned = report.split('## Pinned')[1]?.split('## Timeline')[0] ?? ''
    expect(pinned).toContain(demo.rollout.time.slice(0, 19).replace('T', ' '))
    expect(pinned).toContain(`${demo.url}/changes?`)
    expect(report).toContain(`](${demo.url}/investigate?`)
    if (process.env['WEIR_PICTURES'] !== undefined)
      await page.screenshot({ path: join(process.env['WEIR_PICTURES'], 'investigate-light.png') })
    await page.context().close()
  })

  test('three actions lead from Home to the change before the drop and its actor', async () => {
    const page = await open('/home')
    await page.getByRole('link', { name: 'Flows', exact: true }).first().click(pollOptions)
    await page.getByRole('button', { name: 'What changed before this?' }).click(pollOptions)
    const drawer = page.getByRole('complementary', { name: 'What changed before this?' })
    const entry = drawer.getByRole('listitem').filter({ hasText: 'Deployment shop/api' }).first()
    await entry.waitFor(pollOptions)
    expect(await entry.innerText()).toContain(demo.rollout.actor)
    await entry.getByRole('link', { name: 'Investigate' }).waitFor()
    await entry.getByRole('link', { name: 'Before and after' }).click()
    await page
      .getByRole('complementary', { name: 'Change', exact: true })
      .getByText('role')
      .first()
      .waitFor(pollOptions)
    await page.context().close()
  })

  test('a name finds a subject, and the page fits a small screen', async () => {
    const page = await open('/investigate', { width: 390, height: 844 })
    const box = page.getByRole('searchbox', { name: 'Workload, actor or address' })
    await box.fill('api')
    await box.press('Enter')
    await page
      .getByRole('list', { name: 'Matches' })
      .getByRole('button', { name: /Deployment shop\/api/ })
      .click()
    await page.getByRole('region', { name: 'Lanes' }).waitFor(pollOptions)
    expect(await violations(page)).toEqual([])
    await arrived(page)
    expect(new URL(page.url()).searchParams.get('of')).toMatch(/^k8s:.*\/apps\/Deployment\/shop\/api$/)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    expect(await violations(page)).toEqual([])
    if (process.env['WEIR_PICTURES'] !== undefined)
      await page.screenshot({ path: join(process.env['WEIR_PICTURES'], 'investigate-small.png') })
    expect(errors).toEqual([])
    await page.context().close()
  })
})
