// Seeded incidents and a seeded workload in the console: what preceded a drop, its lanes, and the pages of its objects.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { incident, type Incident } from '../../../src/api/testing/incidents.ts'
import { at, deployment, shopEvents } from '../../../src/api/testing/shop-events.ts'
import { startStored } from '../../../src/api/testing/stored.ts'
import { talkBatch } from '../../../src/api/testing/talks.ts'
import { completed, costEvent } from '../../../src/codecs/focus/index.ts'
import { toEventBatch } from '../../../src/model/events.ts'
import { installedChromium, launch } from '../kit/chromium.ts'
import { violations } from '../kit/stage.ts'

const chromiumPath = installedChromium()
const pollOptions = { timeout: 60_000 }
const folder = process.env['WEIR_PICTURES']
/** The tests have the types of Node only. */
type Styles = Readonly<{ getComputedStyle(of: unknown): Readonly<{ backgroundImage: string }> }>
const iso = (ms: number): string => new Date(ms).toISOString()

describe.skipIf(chromiumPath === undefined)('chromium: what preceded a drop', () => {
  let browser: Browser

  beforeAll(async () => {
    if (chromiumPath !== undefined) browser = await launch(chromiumPath)
  })
  afterAll(() => browser?.close())

  const open = async (url: string, viewport = { width: 1440, height: 900 }): Promise<Page> => {
    const page = await (await browser.newContext({ viewport, acceptDownloads: true })).newPage()
    await page.goto(url)
    return page
  }
  const picture = async (page: Page, name: string) => {
    if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) })
  }
  const seeded = async (seed: number, where: 'cluster' | 'cloud'): Promise<Incident & { url: string }> => {
    const api = await startStored()
    const now = Date.now()
    const of = incident(seed, now, where)
    await api.addBatch(toEventBatch(of.events), now)
    await api.addBatch(of.flows, now)
    return { ...of, url: api.url }
  }
  const shop = async (): Promise<string> => {
    const api = await startStored()
    const time = Date.parse(at('12:00:00'))
    await api.addBatch(toEventBatch(shopEvents), time)
    const [web, db] = ['shop/Deployment/web', 'shop/StatefulSet/db']
    for (const moment of ['10:20:00', '10:25:00', '10:40:00', '10:50:00']) {
      const received = Date.parse(at(moment))
      const talks = [{ from: db, to: web, bytes: moment < '10:30' ? 5000 : 100, cluster: 'c1' }]
      await api.addBatch(talkBatch(talks, received), received)
    }
    return api.url
  }

  test('check 34: a policy change before a drop is first, and unrelated changes are below', async () => {
    const { url, from, to, culprit, actor } = await seeded(24, 'cluster')
    expect(culprit).toMatch(/^NetworkPolicy\//)
    const page = await open(`${url}/flows?v=1&view=overview&live=0&t=${iso(from)}..${iso(to)}&why=1`)
    const drawer = page.getByRole('complementary', { name: 'What changed before this?' })
    const entries = drawer.getByRole('listitem')
    await entries.first().waitFor(pollOptions)
    const texts = (await entries.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '))
    expect(texts[0]).toContain(culprit.replace('/', ' '))
    expect(texts[0]).toContain(String(actor))
    expect(texts[0]).toMatch(/(preceded by|at the start).*selects /)
    expect(texts.length).toBeGreaterThan(1)
    expect(texts.slice(1).filter((text) => text.includes(' selects '))).toEqual([])
    expect(await drawer.innerText()).not.toMatch(/caused/)
    await picture(page, 'cause-34')
    await page.context().close()
  })

  test('a change of a cloud resource is a candidate, and leads to the inventory', async () => {
    const { url, from, to, culprit } = await seeded(1, 'cloud')
    const page = await open(`${url}/flows?v=1&view=overview&live=0&t=${iso(from)}..${iso(to)}&why=1`)
    const drawer = page.getByRole('complementary', { name: 'What changed before this?' })
    const first = drawer.getByRole('listitem').first()
    await first.waitFor(pollOptions)
    const text = (await first.innerText()).replaceAll(/\s+/g, ' ')
    expect(text).toContain(culprit.replace('/', ' '))
    expect(text).toMatch(/state ?− running ?\+ stopped.*hosts /)
    expect(await violations(page)).toEqual([])
    await picture(page, 'cause-cloud')
    await first.getByRole('link', { name: 'Cloud resource' }).click()
    const details = page.getByRole('complementary', { name: `Resource ${culprit.split('/')[1]}` })
    await details.getByText('state: running → stopped').waitFor(pollOptions)
    await page.context().close()
  })

  test('check 35: a lane without events differs from a lane that is not collected', async () => {
    const { url, from, to, culprit } = await seeded(2, 'cluster')
    const subject = encodeURIComponent(culprit.slice(culprit.indexOf('/') + 1))
    const lanesOf = async (range: string) => {
      const page = await open(`${url}/investigate?v=1&live=0&t=${range}&of=${subject}`)
      const lanes = page.getByRole('region', { name: 'Lanes' })
      await lanes.waitFor(pollOptions)
      const lane = (name: string) => lanes.locator(`[data-lane="${name}"]`)
      return { page, lane }
    }
    const quiet = await lanesOf(`${iso(to + 1000)}..${iso(to + 60_000)}`)
    await quiet.lane('changes').getByText('nothing in this time range').waitFor(pollOptions)
    expect(await quiet.lane('changes').getAttribute('data-state')).toBe('empty')
    expect(await quiet.lane('cost').getAttribute('data-state')).toBe('not-collected')
    expect(await quiet.lane('cost').innerText()).toContain('not collected')
    const background = (name: string) =>
      quiet
        .lane(name)
        .locator('.lane-track')
        .evaluate((one) => (globalThis as unknown as Styles).getComputedStyle(one).backgroundImage)
    const [hatched, plain] = [await background('cost'), await background('changes')]
    expect([hatched.startsWith('repeating-linear-gradient'), plain]).toEqual([true, 'none'])
    await quiet.page.context().close()
    const busy = await lanesOf(`${iso(from)}..${iso(to)}`)
    await busy.lane('changes').locator('.lane-mark').first().waitFor(pollOptions)
    await busy.page.context().close()
  })

  test('a drag over a lane sets the range, with undo; a note is in the address and the report', async () => {
    const { url, from, to, culprit } = await seeded(2, 'cluster')
    const object = culprit.slice(culprit.indexOf('/') + 1)
    const page = await open(`${url}/investigate?v=1&live=0&t=${iso(from)}..${iso(to)}&of=${encodeURIComponent(object)}`)
    const track = page.locator('[data-lane="audit"] .lane-track')
    await page.locator('[data-lane="changes"] .lane-mark').first().waitFor(pollOptions)
    const rangeOf = () => new URL(page.url()).searchParams.get('t')
    const before = rangeOf()
    const box = await track.boundingBox()
    if (box === null) throw new Error('no lane')
    await page.mouse.move(box.x + 0.25 * box.width, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(box.x + 0.5 * box.width, box.y + box.height / 2, { steps: 5 })
    expect(await page.locator('.lane-brushed').count()).toBeGreaterThan(5)
    await picture(page, 'cause-brush')
    await page.mouse.move(box.x + 0.75 * box.width, box.y + box.height / 2, { steps: 5 })
    await page.mouse.up()
    await expect.poll(rangeOf, pollOptions).not.toBe(before)
    const [start = 0, end = 0] = (rangeOf() ?? '').split('..').map((each) => Date.parse(each))
    expect(Math.abs(start - (from + (to - from) / 4))).toBeLessThan((to - from) / 50)
    expect(Math.abs(end - (to - (to - from) / 4))).toBeLessThan((to - from) / 50)
    expect(new URL(page.url()).searchParams.get('sel')).toBeNull()
    await page.getByRole('button', { name: 'Back to the previous time range' }).click()
    await expect.poll(rangeOf, pollOptions).toBe(before)

    await page
      .getByRole('button', { name: new RegExp(`^Pin ${culprit.split('/')[0]} ${object}`) })
      .first()
      .click(pollOptions)
    await page.getByRole('button', { name: 'Pinned (1)' }).click()
    const note = page.getByRole('region', { name: 'Notes' }).getByRole('textbox')
    await note.fill('rolled back, see #12')
    await note.press('Enter')
    await expect
      .poll(() => new URL(page.url()).searchParams.get('notes'), pollOptions)
      .toMatch(/=rolled back\\, see #12$/)
    expect(await violations(page)).toEqual([])
    await page.reload()
    await page.getByRole('grid').getByText('rolled back, see #12').waitFor(pollOptions)
    await picture(page, 'cause-notes')
    const waiting = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export Markdown' }).click()
    const report = await readFile(await (await waiting).path(), 'utf8')
    expect(report.split('## Timeline')[0]).toContain('rolled back, see \\#12 |')
    await page.setViewportSize({ width: 390, height: 844 })
    await picture(page, 'cause-notes-390')
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 1440, height: 900 })
    await picture(page, 'cause-notes-dark')
    await page.context().close()
  })

  test('check 30: the page of a Deployment has diff, person, traffic, image problems and cost', async () => {
    const url = await shop()
    const path = deployment.slice('k8s:'.length)
    const page = await open(`${url}/resource/k8s:${path}?v=1&at=${at('11:00:00')}`)
    const problems = page.getByRole('region', { name: 'Problems of its images' })
    await problems.getByTitle(/^registry\/shop\/web\b/).waitFor(pollOptions)
    const cost = page.getByRole('region', { name: 'Cost of 30 days' })
    await cost.waitFor(pollOptions)
    expect((await cost.innerText()).replaceAll(/\s+/g, ' ')).toMatch(
      /namespace shop €1\.50.*resource i1 €4\.00|resource i1 €4\.00.*namespace shop €1\.50/,
    )
    const changes = page.getByRole('region', { name: 'Changes' })
    expect((await changes.innerText()).replaceAll(/\s+/g, ' ')).toMatch(/updated .*alice/)
    const flows = page.getByRole('region', { name: 'Flows' })
    const received = flows.getByRole('table', { name: 'Receives from' })
    await received.waitFor(pollOptions)
    // Two flows of 5,000 bytes before the change, and two of 100 after it.
    expect((await received.innerText()).replaceAll(/\s+/g, ' ').trim()).toMatch(/10\.1\.0\.1 10\.2 kB 4$/)
    await flows.getByText('change', { exact: true }).waitFor()
    await changes.getByRole('button', { name: /^updated/ }).click()
    const drawer = page.getByRole('complementary', { name: 'Change', exact: true })
    await drawer.getByRole('table', { name: 'Changed fields' }).getByText('replicas').waitFor(pollOptions)
    expect(await violations(page)).toEqual([])
    await picture(page, 'cause-30')
    await drawer.getByRole('link', { name: 'Its traffic' }).click()
    await expect
      .poll(() => new URL(page.url()).searchParams.get('t'), pollOptions)
      .toBe('2026-11-20T10:15:00.000Z..2026-11-20T10:45:00.000Z')
    await page.context().close()
  })

  test('check 30: a cloud VM has its changed fields, the person, its node, traffic and cost', async () => {
    const api = await startStored()
    const now = Date.now()
    // A machine that a person stopped.
    const seed = [1, 6, 11, 16, 21, 26].find((each) => incident(each, now, 'cloud').actor !== null)
    const { events, flows, culprit, actor } = incident(seed ?? 0, now, 'cloud')
    const id = culprit.slice('instance/'.length)
    const cost = costEvent(
      completed(
        {
          BilledCost: '4',
          BillingCurrency: 'EUR',
          BillingAccountId: 'a',
          ChargePeriodStart: `${iso(now - 86_400_000).slice(0, 10)}T00:00:00Z`,
          ProviderName: 'Exoscale',
          ResourceId: id,
        },
        { source: 'focus', collected: now, estimated: false },
      ),
    )
    await api.addBatch(toEventBatch([...events, cost]), now)
    await api.addBatch(flows, now)
    const ref = `exoscale:org/ch-gva-2/instance/${id}`
    const page = await open(`${api.url}/inventory?v=1&sel=${encodeURIComponent(ref)}`)
    const details = page.getByRole('complementary', { name: `Resource ${id}` })
    const change = details.getByRole('listitem').filter({ hasText: 'state: running → stopped' })
    await change.waitFor(pollOptions)
    await change.getByRole('link', { name: String(actor), exact: true }).waitFor()
    await details.getByRole('link', { name: `Node ${id.slice(2)}` }).waitFor()
    await details.getByText('€4.00').waitFor()
    expect(await violations(page)).toEqual([])
    await picture(page, 'cause-30-vm')
    await change.getByRole('link', { name: 'Its traffic' }).click()
    await expect
      .poll(() => new URL(page.url()).searchParams.get('q'), pollOptions)
      .toBe(`either(node = "${id.slice(2)}")`)
    await page.context().close()
  })
})
