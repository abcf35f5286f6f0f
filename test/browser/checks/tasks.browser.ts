// The ten tasks of a user by visible elements, from Home, with the number of actions: by pointer and by keyboard only.
// An action is a click, a key chord or a typed value. Moving the focus is none.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../../kit/free-port.ts'
import { launch } from '../kit/chromium.ts'
import { Demo } from '../kit/demo.ts'
import { figure } from '../kit/figures.ts'
import { Acts, type Way } from '../kit/acts.ts'
import { useBigStage } from '../kit/big-stage.ts'
import { chromiumPath, Stage } from '../kit/stage.ts'

const patient = { timeout: 30_000 }
const ways: readonly Way[] = ['pointer', 'keyboard']
const [usual, forAlert, forDashboard] = [3, 4, 6] as const

async function opened(browser: Browser, url: string, way: Way): Promise<Acts> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  page.setDefaultTimeout(patient.timeout)
  await page.goto(`${url}/home`)
  await page.getByRole('region', { name: 'Latest changes' }).waitFor()
  return new Acts(page, way)
}

async function done(task: string, { page, way, count }: Acts): Promise<number> {
  figure(`actions by ${way}: ${task}`, count, 'actions')
  await page.context().close()
  return count
}

const firstRow = (page: Page): Locator => page.locator('.grid-body [role="row"]').first()

describe.skipIf(chromiumPath === undefined)('chromium: the tasks of a user on the demo', () => {
  const demo = new Demo()
  let browser: Browser
  const alertState = async (rule: string) => {
    const answer = await fetch(`${demo.url}/api/v1/alerts`)
    const { rules } = (await answer.json()) as Readonly<{ rules: readonly Readonly<{ name: string; state: string }>[] }>
    return rules.find(({ name }) => name === rule)?.state
  }
  const fromHome = (way: Way) => opened(browser, demo.url, way)

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    browser = await launch(chromiumPath)
    await demo.start()
    // The fall lasts for seconds by then.
    for (let left = 120; left > 0 && (await alertState('database-silent')) !== 'firing'; left--) await sleep(500)
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    demo.stop()
  })

  test.for(ways)('2: the change that broke the shop, and the user who made it, by %s', async (way) => {
    const acts = await fromHome(way)
    await acts.click(acts.page.getByRole('link', { name: 'All flows' }))
    await acts.click(acts.page.getByRole('button', { name: 'What changed before this?' }))
    const drawer = acts.page.getByRole('complementary', { name: 'What changed before this?' })
    const first = drawer.locator('ol > li').first()
    await first.filter({ hasText: 'shop/api' }).waitFor()
    expect(await first.innerText()).toContain(demo.rollout.actor)
    expect(await done('which change broke the shop', acts)).toBeLessThanOrEqual(usual)
  })

  test.for(ways)('1: the workloads with the most traffic of the last hour, by %s', async (way) => {
    const acts = await fromHome(way)
    await acts.click(acts.page.getByRole('link', { name: 'All flows' }))
    await acts.click(acts.page.getByRole('tab', { name: 'Overview' }))
    await acts.select(acts.page.getByRole('combobox', { name: 'Group by' }).first(), 'src_owner_name')
    await acts.page.getByRole('button', { name: 'web', exact: true }).first().waitFor()
    await acts.page.getByRole('button', { name: 'Last 1 h' }).waitFor()
    expect(await done('who talked most, by workload', acts)).toBeLessThanOrEqual(usual)
  })

  test.for(ways)('3: all flows of an address and a port, in a link with fixed times, by %s', async (way) => {
    const acts = await fromHome(way)
    await acts.click(acts.page.getByRole('link', { name: 'All flows' }))
    await acts.type(acts.page.getByRole('combobox', { name: 'Filter' }), 'any.name = database-0 and dst_port = 5432')
    await acts.page.getByRole('gridcell', { name: 'database-0' }).first().waitFor()
    await acts.click(acts.page.getByRole('button', { name: /^Share a link/ }))
    await acts.page.getByText('Copied.').first().waitFor()
    const link = new URL(String(await acts.page.evaluate('navigator.clipboard.readText()')))
    const [from = '', to = ''] = (link.searchParams.get('t') ?? '').split('..')
    expect([Date.parse(from), Date.parse(to)].every(Number.isFinite)).toBe(true)
    expect(link.searchParams.get('q')).toContain('5432')
    await acts.page.goto(link.href)
    await acts.page.getByRole('gridcell', { name: 'database-0' }).first().waitFor()
    expect(await done('flows of an address and port, as a link', acts)).toBeLessThanOrEqual(usual)
  })

  test.for(ways)('4: images with a package that are reached from outside, by %s', async (way) => {
    const acts = await fromHome(way)
    await acts.open('Insights')
    await acts.type(acts.page.getByRole('searchbox').first(), 'zlib')
    await acts.click(acts.page.getByRole('button', { name: 'Exposed', exact: true }))
    await firstRow(acts.page)
      .filter({ hasText: /zlib.*outside/s })
      .waitFor()
    expect(await done('images with a package, reached from outside', acts)).toBeLessThanOrEqual(usual)
  })

  test.for(ways)('5: an object at an earlier time, and what is different now, by %s', async (way) => {
    const acts = await fromHome(way)
    await acts.click(acts.page.getByRole('link', { name: 'ConfigMap shop/prices' }).first())
    await acts.type(acts.page.getByRole('textbox', { name: 'Time of the shown state' }), '20 s ago')
    await acts.page.getByRole('region', { name: 'State then' }).waitFor()
    await acts.page.getByRole('region', { name: 'Changes', exact: true }).getByText('coffee').first().waitFor()
    expect(await done('an object at an earlier time', acts)).toBeLessThanOrEqual(usual)
  })

  test.for(ways)('6: an alert on dropped traffic, which fires, by %s', async (way) => {
    const acts = await fromHome(way)
    await acts.open('Alerts')
    await acts.click(acts.page.getByRole('button', { name: 'New alert' }))
    const editor = acts.page.getByRole('complementary', { name: 'New alert' })
    await acts.click(editor.getByRole('button', { name: 'Dropped traffic' }))
    await acts.click(editor.getByRole('button', { name: 'Create' }))
    const details = acts.page.getByRole('complementary', { name: 'Alerts' })
    await details.getByText('▲ firing').first().waitFor({ timeout: 120_000 })
    expect(await done('alert on dropped traffic', acts)).toBeLessThanOrEqual(forAlert)
  })

  test.for(ways)('7: a dashboard of three panels of different kinds, by %s', async (way) => {
    const acts = await fromHome(way)
    await acts.open('Dashboards')
    await acts.click(acts.page.getByRole('button', { name: 'New dashboard' }).first())
    const kinds = acts.page.getByRole('group', { name: 'Add a panel' })
    for (const kind of ['Series over time', 'Top list', 'Changes']) {
      await acts.click(kinds.getByRole('button', { name: kind, exact: true }))
      await acts.page.getByRole('region', { name: kind, exact: true }).waitFor()
    }
    await acts.click(acts.page.getByRole('button', { name: 'Save', exact: true }))
    await acts.page.getByText('Saved', { exact: false }).first().waitFor()
    await acts.page.getByRole('region', { name: 'Series over time', exact: true }).locator('canvas').first().waitFor()
    expect(await done('dashboard of three panels', acts)).toBeLessThanOrEqual(forDashboard)
  })

  test.for(ways)('9: cost by team, and the change since the period before, by %s', async (way) => {
    const acts = await fromHome(way)
    await acts.open('Spend')
    await acts.select(acts.page.getByRole('combobox', { name: 'Group by' }).first(), 'team')
    const francs = acts.page.getByRole('region', { name: 'Costs in CHF', exact: true })
    await francs
      .locator('.spend-groups')
      .getByRole('row', { name: /^checkout .*%.*%/ })
      .waitFor()
    await francs.getByText('compared with', { exact: false }).waitFor()
    expect(await done('cost by team', acts)).toBeLessThanOrEqual(usual)
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: the tasks of a user with a failing sink', () => {
  const stage = new Stage()

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const [port] = await freePorts(1)
    await stage.open({ sinks: { gone: { type: 'http', url: `http://127.0.0.1:${port}/`, from: ['http'] } } })
    await stage.filled()
    await stage.weir.events([{ specversion: '1.0', id: '1', source: '/shop', type: 'order', data: { total: 3 } }])
  })
  afterAll(() => stage.close())

  test.for(ways)('8: why a sink does not deliver, by %s', async (way) => {
    const acts = await opened(stage.browser, stage.weir.url, way)
    const problems = acts.page.getByRole('region', { name: 'Sources and sinks with problems' })
    await problems.getByText('Sink gone delivers nothing', { exact: false }).waitFor()
    await acts.click(problems.getByRole('link', { name: 'Pipeline' }))
    await acts.page
      .getByText(/ECONNREFUSED|refused/)
      .first()
      .waitFor()
    expect(await done('why a sink does not deliver', acts)).toBeLessThanOrEqual(usual)
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: the tasks of a user with a day of flows', () => {
  const stage = useBigStage()

  // A day before the last hour, nothing is stored: the choice beside it is an hour.
  test.for(ways)('10: the traffic of now and of an earlier time, in table and panels, by %s', async (way) => {
    await stage.filled()
    const acts = await opened(stage.browser, stage.weir.url, way)
    await acts.click(acts.page.getByRole('link', { name: 'All, with service ports' }))
    await acts.select(acts.page.getByRole('combobox', { name: 'Compare with' }), '1h')
    await acts.page.getByRole('columnheader', { name: 'Earlier' }).waitFor()
    await firstRow(acts.page).filter({ hasText: '%' }).waitFor()
    await acts.click(acts.page.getByRole('tab', { name: 'Overview' }))
    await acts.page.getByText('Compared with an hour earlier').first().waitFor()
    expect(await done('traffic compared with an earlier time', acts)).toBeLessThanOrEqual(usual)
  })
})
