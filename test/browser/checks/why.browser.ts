// From a drop to the change before it, on the demo: a rollout removes a label that a network policy requires.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installedChromium, launch } from '../kit/chromium.ts'
import { Demo } from '../kit/demo.ts'
import { violations } from '../kit/stage.ts'
import { until } from '../kit/until.ts'

const chromiumPath = installedChromium()
const pollOptions = { timeout: 60_000 }
const filter = 'src.owner = api and dst.owner = database'

describe.skipIf(chromiumPath === undefined)('chromium: from a drop to the change before it', () => {
  const demo = new Demo()
  let browser: Browser
  const errors: string[] = []

  const open = async (path: string): Promise<Page> => {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(demo.url + path)
    return page
  }
  /** The drop, as a user selects it: from just before it. */
  const range = () => [-6000, 34_000].map((ms) => new Date(Date.parse(demo.rollout.time) + ms).toISOString()).join('..')
  const flows = (more: string) => `/flows?v=1&view=overview&live=0&t=${range()}&q=${encodeURIComponent(filter)}${more}`

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await demo.start()
    browser = await launch(chromiumPath)
    const after = new Date(Date.parse(demo.rollout.time) + 30_000).toISOString()
    await until(
      async () =>
        Number(
          (await demo.sql<{ n: number }>(`SELECT count(*)::INT AS n FROM flows WHERE time_end > '${after}'`))[0]?.n,
        ) !== 0,
    )
    await sleep(4000)
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    demo.stop()
  })

  test('two actions lead from the chart to the rollout, its actor, its diff and the reason', async () => {
    const page = await open(flows(''))
    await page.getByRole('figure', { name: /Bytes per second/ }).waitFor()
    await page.getByRole('button', { name: 'What changed before this?' }).click()
    const drawer = page.getByRole('complementary', { name: 'What changed before this?' })
    const first = drawer.getByRole('listitem').first()
    await first.waitFor(pollOptions)
    await expect.poll(() => first.innerText(), pollOptions).toContain('Deployment shop/api')
    const text = (await first.innerText()).replaceAll(/\s+/g, ' ')
    expect(text).toContain(`rolled out by ${demo.rollout.actor}`)
    expect(text).toMatch(/labels\/role ?− db-client/)
    expect(text).toMatch(/(preceded by|at the start).*is shop\/api/)
    const whole = await drawer.innerText()
    expect(whole).toMatch(/Traffic fell from .* to .* in equal times/)
    expect(whole).not.toMatch(/caused/)
    expect(new URL(page.url()).searchParams.get('why')).toBe('1')
    expect(await violations(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await violations(page)).toEqual([])
    await drawer.getByRole('link', { name: 'Its traffic' }).first().click()
    await expect
      .poll(() => new URL(page.url()).searchParams.get('q'), pollOptions)
      .toBe('either(ns = "shop" and owner_kind = "Deployment" and owner = "api")')
    await page.goBack()
    await drawer.getByRole('link', { name: 'Before and after' }).first().click()
    await page
      .getByRole('complementary', { name: 'Change', exact: true })
      .getByText('db-client')
      .first()
      .waitFor(pollOptions)
    expect(new URL(page.url()).searchParams.get('sel')).toBe(demo.rollout.pos)
    await page
      .getByRole('complementary', { name: 'Change', exact: true })
      .getByRole('link', { name: 'Its traffic' })
      .waitFor()
    await page.context().close()
  })

  test('Home lists the fall with the rollout before it, and leads to its causes', async () => {
    const page = await open('/home')
    const fall = page
      .getByRole('region', { name: 'Falls and rises, last hour' })
      .getByRole('listitem')
      .filter({ hasText: 'Deployment shop/api' })
      .first()
    // The newest flows are no part of the search, and the card has a refresh of a minute.
    await fall.waitFor({ timeout: 180_000 })
    expect((await fall.innerText()).replaceAll(/\s+/g, ' ')).toContain(`rolled out by ${demo.rollout.actor}`)
    expect(await violations(page)).toEqual([])
    await fall.getByRole('link', { name: /fall|rise/i }).click()
    const drawer = page.getByRole('complementary', { name: 'What changed before this?' })
    await expect
      .poll(() => drawer.getByRole('listitem').first().innerText(), pollOptions)
      .toContain('Deployment shop/api')
    await page.context().close()
  })

  test('the rollout is a mark of every chart, opens by keyboard, and can be hidden', async () => {
    const page = await open(flows('&panels=bytes,packets,flows'))
    const charts = page.getByRole('figure')
    await charts.first().waitFor(pollOptions)
    const marked = async () => [
      await charts.count(),
      (await charts.filter({ hasText: 'rollout' }).count()) === (await charts.count()),
    ]
    await expect.poll(marked, pollOptions).toEqual([3, true])
    const slider = charts.first().getByRole('slider')
    await slider.locator('canvas').waitFor({ state: 'attached' })
    await slider.focus()
    await page.keyboard.press('n')
    await expect
      .poll(() => slider.getAttribute('aria-valuetext'), pollOptions)
      .toContain(`Deployment shop/api rolled out by ${demo.rollout.actor}: metadata/labels/role db-client → –`)
    await page.keyboard.press('o')
    const drawer = page.getByRole('complementary', { name: 'Change', exact: true })
    await drawer.getByText('db-client').first().waitFor(pollOptions)
    expect(new URL(page.url()).searchParams.get('mark')).toBe(demo.rollout.pos)
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await charts.first().getByRole('button', { name: 'Marks' }).click()
    await expect.poll(() => charts.getByText('rollout').count(), pollOptions).toBe(0)
    expect(new URL(page.url()).searchParams.get('marks')).toBe('0')
    await page.context().close()
  })

  test('a click on a mark opens the change, in the table view, too', async () => {
    const page = await open(flows('').replace('view=overview', 'view=table'))
    const chart = page.getByRole('figure', { name: 'Bytes per second by source' })
    await chart.getByText('rollout').waitFor(pollOptions)
    const over = chart.locator('.u-over')
    const box = await over.boundingBox()
    if (box === null) throw new Error('no chart')
    const [from = 0, to = 0] = range()
      .split('..')
      .map((each) => Date.parse(each))
    // The axis begins and ends with whole buckets, so the sign is within some pixels.
    let opened = false
    for (let off = -30; off <= 30 && !opened; off += 6) {
      await page.mouse.click(
        box.x + ((Date.parse(demo.rollout.time) - from) / (to - from)) * box.width + off,
        box.y + 4,
      )
      opened = new URL(page.url()).searchParams.get('mark') === demo.rollout.pos
    }
    await page
      .getByRole('complementary', { name: 'Change', exact: true })
      .getByText('Deployment')
      .first()
      .waitFor(pollOptions)
    expect(errors).toEqual([])
    await page.context().close()
  })

  test('of several changes of traffic another one can be selected, and a doubtful response states it', async () => {
    const page = await open(flows(''))
    const times = [-5000, 20_000].map((ms) => new Date(Date.parse(demo.rollout.time) + ms).toISOString())
    const requested: (string | null)[] = []
    await page.route('**/api/v1/why?*', async (route) => {
      const at = new URL(route.request().url()).searchParams.get('at')
      requested.push(at)
      const response = await route.fetch()
      const level = { gradual: false, before: 1000, after: 10, workloads: ['shop/api', 'shop/database'] }
      const levels = times.map((time, index) => ({
        ...level,
        time,
        earliest: time,
        latest: time,
        kind: index === 0 ? 'fall' : 'recovery',
        selected: at === null ? index === 0 : at === time,
      }))
      const verdict = at === null ? 'explained' : 'unexplained'
      const body = { ...((await response.json()) as object), levels, verdict, missing: ['no audit log of cluster lab'] }
      await route.fulfill({ response, json: body })
    })
    await page.getByRole('button', { name: 'What changed before this?' }).click()
    const drawer = page.getByRole('complementary', { name: 'What changed before this?' })
    const levels = drawer.getByRole('group', { name: 'Changes of traffic' })
    await levels.getByText('1 fall and 1 recovery in this time range').waitFor(pollOptions)
    const [fall, recovery] = [
      levels.getByRole('button', { name: /^Fall/ }),
      levels.getByRole('button', { name: /^Rec/ }),
    ]
    expect(await fall.getAttribute('aria-pressed')).toBe('true')
    expect(await drawer.getByText('There is no audit log of cluster lab in this time.').count()).toBe(1)
    await recovery.click()
    await expect.poll(() => recovery.getAttribute('aria-pressed'), pollOptions).toBe('true')
    expect(requested.at(-1)).toBe(times[1])
    await drawer.getByText('No change explains this.').waitFor(pollOptions)
    expect(await violations(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await violations(page)).toEqual([])
    await page.setViewportSize({ width: 390, height: 844 })
    if (process.env['WEIR_SHOTS'] !== undefined) await page.screenshot({ path: `${process.env['WEIR_SHOTS']}/why.png` })
    expect(errors).toEqual([])
    await page.context().close()
  })
})
