/** The shortest ways to three answers, counted in actions of a user: a click, a drag, a shortcut, or Enter. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installedChromium, launch } from './kit/chromium.ts'
import { Demo } from './kit/demo.ts'
import { until } from './kit/until.ts'

const chromiumPath = installedChromium()
const pollOptions = { timeout: 60_000 }

/** Typed text is part of the action that submits it. */
class Actions {
  count = 0
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  async click(target: Locator): Promise<void> {
    this.count++
    await target.click(pollOptions)
  }

  async press(keys: string): Promise<void> {
    this.count++
    await this.#page.keyboard.press(keys)
  }

  /** Along the middle of an element, from and to a part of its width. */
  async drag(target: Locator, from: number, to: number): Promise<void> {
    this.count++
    const box = await target.boundingBox(pollOptions)
    if (box === null) throw new Error('the element to drag over is not visible')
    const [y, { mouse }] = [box.y + box.height / 2, this.#page]
    await mouse.move(box.x + from * box.width, y)
    await mouse.down()
    await mouse.move(box.x + to * box.width, y, { steps: 5 })
    await mouse.up()
  }
}

describe.skipIf(chromiumPath === undefined)('chromium: actions to an answer', () => {
  const demo = new Demo()
  let browser: Browser

  const open = async (path: string): Promise<{ readonly page: Page; readonly actions: Actions }> => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: 'UTC' })
    const page = await context.newPage()
    await page.goto(demo.url + path)
    return { page, actions: new Actions(page) }
  }

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await demo.start()
    browser = await launch(chromiumPath)
    const after = `SELECT count(*)::INT AS n FROM flows
      WHERE time_end > TIMESTAMPTZ '${demo.rollout.time}' + INTERVAL 34 SECONDS`
    await until(async () => Number((await demo.sql<{ n: number }>(after))[0]?.n) !== 0)
  }, 600_000)
  afterAll(async () => {
    await browser?.close()
    demo.stop()
  })

  test('check 51: top talkers of the last hour with service ports are one action from Home', async () => {
    const { page, actions } = await open('/home')
    await actions.click(page.getByRole('link', { name: 'All, with service ports' }))
    const grid = page.getByRole('grid', { name: 'Groups of flows' })
    await grid.getByRole('columnheader', { name: /service port/i }).waitFor(pollOptions)
    expect(new URL(page.url()).searchParams.get('t')).toBe('now-1h..now')
    const cells = grid.getByRole('row').nth(1).locator(':scope > *')
    // The demo continues: the largest pair stays, its sum grows.
    const [largest] = await demo.sql<Record<string, string | number | null>>(
      `SELECT src_addr, dst_addr, service_port FROM flows WHERE time_received >= now() - INTERVAL 1 HOUR
        GROUP BY src_name, src_addr, dst_name, dst_addr, service_port ORDER BY sum(bytes_est) DESC LIMIT 1`,
    )
    await expect
      .poll(() => cells.allTextContents().then((all) => [all[1], all[3], all[4]?.replace(/\D/g, '')]), pollOptions)
      .toEqual([largest?.['src_addr'], largest?.['dst_addr'], String(largest?.['service_port'])])
    expect(actions.count).toBeLessThanOrEqual(2)
    await page.context().close()
  })

  test('check 51: one flow by address and port, with a link to it, is two actions from Home', async () => {
    const [flow] = await demo.sql<Record<string, string | number>>(
      `SELECT src_addr, src_port FROM flows WHERE src_port > 10000 AND time_received < now() - INTERVAL 20 SECONDS
        GROUP BY ALL HAVING count(*) = 1 LIMIT 1`,
    )
    const { page, actions } = await open('/home')
    await page.getByRole('navigation', { name: 'Pages' }).waitFor()
    await actions.press('Control+k')
    await page.getByRole('combobox', { name: 'Page or command' }).fill(`${flow?.['src_addr']}:${flow?.['src_port']}`)
    await actions.click(page.getByRole('option', { name: /^Newest flow: / }))
    const drawer = page.getByRole('complementary', { name: 'Flow' })
    await expect.poll(() => drawer.textContent(), pollOptions).toContain(String(flow?.['src_port']))
    expect(actions.count).toBeLessThanOrEqual(2)
    const { pathname, search } = new URL(page.url())
    const other = await open(pathname + search)
    const same = other.page.getByRole('complementary', { name: 'Flow' })
    await expect.poll(() => same.textContent(), pollOptions).toContain(String(flow?.['src_port']))
    expect(await same.textContent()).toContain(String(flow?.['src_addr']))
    expect(search).not.toContain('now')
    await other.page.context().close()
    await page.context().close()
  })

  test('check 51: a drop in a chart leads to the change before it and its actor with three actions', async () => {
    const at = Date.parse(demo.rollout.time)
    const [from, to] = [at - 60_000, at + 34_000]
    const t = [from, to].map((ms) => new Date(ms).toISOString()).join('..')
    const q = encodeURIComponent('src.owner = api and dst.owner = database')
    const { page, actions } = await open(`/flows?v=1&view=overview&live=0&t=${t}&q=${q}&panels=bytes`)
    const plot = page.getByRole('figure', { name: /Bytes per second/ }).locator('.u-over')
    await plot.waitFor(pollOptions)
    const placeOf = (ms: number): number => (ms - from) / (to - from)
    await actions.drag(plot, placeOf(at - 6000), 0.995)
    await expect.poll(() => new URL(page.url()).searchParams.get('t'), pollOptions).not.toBe(t)
    await actions.click(page.getByRole('button', { name: 'What changed before this?' }))
    const drawer = page.getByRole('complementary', { name: 'What changed before this?' })
    const first = drawer.getByRole('listitem').first()
    await expect.poll(() => first.innerText(), pollOptions).toContain('Deployment shop/api')
    expect((await first.innerText()).replaceAll(/\s+/g, ' ')).toContain(`rolled out by ${demo.rollout.actor}`)
    await actions.click(first.getByRole('link', { name: 'Before and after' }))
    const opened = page.getByRole('complementary', { name: 'Change', exact: true })
    await opened.getByText('db-client').first().waitFor(pollOptions)
    expect(new URL(page.url()).searchParams.get('sel')).toBe(demo.rollout.pos)
    expect(actions.count).toBeLessThanOrEqual(3)
    await page.context().close()
  })

  test('the change before a drop becomes the cause of an incident, and a second one is pinned to it', async () => {
    const at = Date.parse(demo.rollout.time)
    const [from, to] = [at - 60_000, at + 34_000].map((ms) => new Date(ms).toISOString())
    const q = encodeURIComponent('src.owner = api and dst.owner = database')
    const { page } = await open(`/flows?v=1&view=overview&live=0&t=${from}..${to}&q=${q}&why=1`)
    const drawer = page.getByRole('complementary', { name: 'What changed before this?' })
    const rollout = drawer.getByRole('listitem').filter({ hasText: 'Deployment shop/api' }).first()
    await rollout.getByRole('button', { name: /^Open incident with the cause Deployment shop\/api/ }).click(pollOptions)
    const incident = page.getByRole('complementary', { name: 'Incident', exact: true })
    await incident.getByText('· cause').waitFor(pollOptions)
    const selected = incident.getByRole('radio', { checked: true })
    expect(await selected.getAttribute('aria-label')).toContain('Deployment shop/api')
    const id = new URL(page.url()).searchParams.get('sel') ?? ''
    await incident.getByRole('link', { name: 'Show the signal' }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('t'), pollOptions).toBe(`${from}..${to}`)
    await rollout.getByRole('button', { name: /^Pin/ }).click(pollOptions)
    await page
      .getByRole('dialog', { name: /^Pin Deployment/ })
      .getByRole('button')
      .first()
      .click()
    await drawer.getByRole('link', { name: 'Pinned.' }).click(pollOptions)
    await expect.poll(() => new URL(page.url()).searchParams.get('sel'), pollOptions).toBe(id)
    await incident.getByRole('list', { name: 'Pins' }).getByRole('link').waitFor(pollOptions)
    await page.context().close()
  })
})
