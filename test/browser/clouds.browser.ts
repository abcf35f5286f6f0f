import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { accountEvents, costEvents } from '../../sim/accounts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { asCloudEvent } from '../../sim/cloud-event.ts'
import { resource, who } from './kit/cluster-life.ts'
import { hidden, outside } from './kit/readable.ts'
import { chromiumPath, gridRows, Stage, useStage, violations } from './kit/stage.ts'

/** About the id of the resource; a log of the cloud names it by its own reference. */
const resized = (now: number): WeirEvent => ({
  id: 'resized',
  source: '/cloud',
  type: 'resize',
  family: 'audit',
  subject: 'worker-2',
  time: now - 10_950_000,
  key: 'worker-2',
  ref: 'exoscale:shop/compute/instance/worker-2',
  datacontenttype: 'application/json',
  encoding: 'json',
  data: new TextEncoder().encode(
    JSON.stringify({
      audit: {
        actor: { kind: 'user', id: 'carol', name: 'carol' },
        action: 'scaleInstance',
        service: 'compute',
        resource: { type: 'instance', id: 'worker-2' },
      },
    }),
  ),
})

type SpendSums = Readonly<{ currencies: readonly { groups: readonly { value: string | null; cost: string }[] }[] }>

const folder = process.env['WEIR_PICTURES']

const shots = async (page: Page, name: string): Promise<void> => {
  for (const [width, colorScheme] of [
    [1440, 'light'],
    [1440, 'dark'],
    [390, 'light'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    expect(await outside(page)).toEqual([])
    if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png` })
  }
}

describe.skipIf(chromiumPath === undefined)('chromium: inventory and spend', () => {
  const stage = useStage({ spend: { budgets: [{ currency: 'CHF', amount: '700' }] } })

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const now = Date.now()
    const node = resource(who('Node/worker-2'), now - 600_000, { providerId: 'exoscale://worker-2' })
    const events = [...accountEvents(now), ...costEvents(now), node, resized(now)].map(asCloudEvent)
    while (events.length > 0) await stage.weir.events(events.splice(0, 500))
    const count = async (view: string): Promise<number> =>
      Number(((await stage.weir.sql(`SELECT count(*)::INTEGER AS n FROM ${view}`)) as { n: number }[])[0]?.n)
    await vi.waitUntil(async () => (await count('spend')) >= 1920 && (await count('resources')) > 0, {
      timeout: 60_000,
    })
  })

  test('resources are filtered by facets and text, and their prices are summed by currency', async () => {
    const page = await stage.page('/inventory')
    await page.getByText('showing 19 of 19 resources').waitFor()
    await page.getByText(/CHF\s?0\.8.* \+ \$0\.3.* per hour/).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('group', { name: 'Filters' }).getByRole('button', { name: /^Type/ }).click()
    await page.getByLabel('Instance', { exact: false }).first().check()
    await expect.poll(async () => (await gridRows(page)).length).toBe(7)
    await page.keyboard.press('Escape')
    const filter = page.getByRole('combobox', { name: 'Filter' })
    await filter.fill('state = stopped and tag = "team=data"')
    await filter.press('Escape')
    await filter.press('Enter')
    await expect.poll(async () => (await gridRows(page)).length).toBe(1)
    expect((await gridRows(page))[0]?.join(' ')).toMatch(/notebook-2 .*Instance.*stopped.*stopped instance/)
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('details lead from a volume to its instance, node and costs, and show changes with their actors', async () => {
    const page = await stage.page('/inventory?v=1&q=id+%3D+database-data')
    await page.locator('.grid-body [role="row"]').first().click()
    await page.getByRole('complementary', { name: 'Resource database-data' }).getByText('attached to').waitFor()
    await page.getByRole('button', { name: 'worker-2' }).click()
    const details = page.getByRole('complementary', { name: 'Resource worker-2' })
    await details.getByText('size: standard.medium → standard.large').waitFor()
    await details.getByRole('link', { name: 'Node worker-2' }).waitFor()
    await details.getByText(/CHF\s?\d\d\.\d\d/).waitFor()
    expect(await violations(page)).toEqual([])
    await details.getByRole('link', { name: 'Show its flows' }).click()
    await page.waitForURL(/\/flows\?.*any\.node/)
    await page.context().close()
  })

  test('the page of a cloud resource has the parts of its details, and its audit events', async () => {
    const page = await stage.page('/resource/exoscale:shop/ch-gva-2/instance/worker-2')
    const part = (name: string) => page.getByRole('region', { name, exact: true })
    await part('History').getByText('size: standard.medium → standard.large').waitFor()
    await part('Inventory').getByText('standard.large').waitFor()
    await part('Inventory')
      .getByText(/CHF\s?\d\d\.\d\d/)
      .waitFor()
    await part('Relations').getByRole('link', { name: 'Node worker-2' }).waitFor()
    await part('Traffic of node worker-2 in the last hour').getByRole('link', { name: 'Show its flows' }).waitFor()
    await part('Audit events').getByText('scaleInstance by').waitFor()
    await part('History').getByRole('link', { name: 'carol' }).waitFor()
    expect(await violations(page)).toEqual([])
    await shots(page, 'resource-cloud')
    await part('Relations').getByRole('link', { name: 'database-data' }).click()
    await page.getByRole('heading', { level: 1, name: 'database-data' }).waitFor()
    await part('Relations').getByRole('link', { name: 'worker-2' }).waitFor()
    // A reference of an audit log.
    await page.goto(`${stage.weir.url}/resource/exoscale:shop/compute/instance/worker-2`)
    await part('Audit events').getByText('scaleInstance by').waitFor()
    expect(await violations(page)).toEqual([])
    // The inventory has no such reference.
    expect(stage.complaints.splice(0)).toEqual([expect.stringContaining('404 (Not Found)')])
    await page.getByRole('link', { name: 'Search for its ID in the inventory' }).click()
    await expect.poll(async () => (await gridRows(page)).map(([name]) => name)).toEqual(['worker-2'])
    await page.context().close()
  })

  test('findings are a separate list, and a list is exported', async () => {
    const page = await stage.page('/inventory')
    await page.getByRole('tab', { name: 'Findings' }).click()
    await expect.poll(async () => (await gridRows(page)).length).toBe(5)
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    await page.getByRole('button', { name: 'Export raw CSV' }).click()
    const lines = (await readFile(await (await saved).path(), 'utf8')).trim().split('\r\n')
    expect(lines).toHaveLength(6)
    expect(lines[0]).toMatch(/^provider,account,region,type,id,/)
    await page.context().close()
  })

  test('shares, largest changes, allocation and transfers of Spend are panels of a dashboard', async () => {
    const page = await stage.page('/spend?v=1&span=days')
    const dialog = page.getByRole('dialog', { name: 'Add to dashboard' })
    const francs = page.getByRole('region', { name: 'Costs in CHF', exact: true })
    await francs
      .getByRole('button', { name: /^Add to dashboard: Spend: Service, / })
      .first()
      .click()
    await dialog.getByRole('textbox', { name: 'New dashboard' }).fill('Money')
    await dialog.getByRole('button', { name: 'Create and add' }).click()
    const titles = [
      'Spend: Largest changes, Last 30 days',
      'Spend: Allocation, Last 30 days',
      'Transfers, Last 30 days',
    ]
    for (const title of titles) {
      await page.keyboard.press('Escape')
      await page
        .getByRole('button', { name: `Add to dashboard: ${title}` })
        .first()
        .click()
      await dialog.getByRole('button', { name: 'Money' }).click()
      await dialog.getByText('Added to “Money”.').waitFor()
    }
    await page.keyboard.press('Escape')
    await francs
      .locator('.treemap-figure')
      .getByRole('button', { name: /^Add to dashboard: / })
      .click()
    await dialog.getByRole('button', { name: 'Money' }).click()
    await dialog.getByRole('button', { name: 'Open dashboard' }).click()
    const [changes, allocation, transfers] = titles.map((name) => page.getByRole('region', { name, exact: true }))
    await changes!.getByRole('region', { name: /CHF/ }).getByRole('row').nth(1).waitFor()
    await allocation!.scrollIntoViewIfNeeded()
    await allocation!.getByRole('region', { name: /CHF/ }).getByRole('row').nth(4).waitFor()
    await transfers!.scrollIntoViewIfNeeded()
    await transfers!
      .getByText(/price list|No flows/)
      .first()
      .waitFor()
    const tiles = page.locator('.treemap').first()
    await tiles.scrollIntoViewIfNeeded()
    expect(await tiles.getByRole('listitem').count()).toBeGreaterThan(1)
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('costs have a total for each currency, a comparison, and days that are not final', async () => {
    const page = await stage.page('/spend?v=1&span=days')
    const francs = page.getByRole('region', { name: 'Costs in CHF', exact: true })
    await francs.getByText('not final', { exact: true }).waitFor()
    await page.getByRole('region', { name: 'Costs in USD', exact: true }).waitFor()
    await francs
      .getByText(/\+\d+(\.\d)?%/)
      .first()
      .waitFor()
    const [{ cost = '' } = {}] = (await stage.weir.sql(
      `SELECT sum(billed)::DECIMAL(20, 2)::VARCHAR AS cost FROM spend WHERE currency = 'CHF'
        AND day > strftime(now() - INTERVAL 30 DAY, '%Y-%m-%d')`,
    )) as { cost?: string }[]
    expect(await francs.locator('header b').innerText()).toMatch(new RegExp(`CHF\\s?${cost.replace('.', '\\.')}`))
    // Of the sum, the chart and the table.
    expect(await francs.getByRole('button', { name: /^Add to dashboard: Spend: / }).count()).toBe(6)
    expect(await violations(page)).toEqual([])
    await francs.locator('.spend-groups').getByRole('button', { name: 'Compute' }).click()
    await francs.getByText('worker-1').first().waitFor()
    await page.getByRole('button', { name: 'Service: Compute ✕' }).waitFor()
    await page.getByRole('combobox', { name: /^Group by/ }).selectOption('tag')
    const keys = page.getByRole('region', { name: 'Tags of costs in CHF' })
    const bar = await page.locator('.page-bar').boundingBox()
    expect(await violations(page)).toEqual([])
    await keys.getByRole('row', { name: /^team .*%/ }).waitFor()
    await keys.getByRole('button', { name: 'team' }).click()
    await francs.getByText('checkout').first().waitFor()
    expect((await page.locator('.page-bar').boundingBox())?.height).toBe(bar?.height)
    await francs.locator('.spend-groups').getByRole('button', { name: 'checkout' }).click()
    await page.getByRole('button', { name: 'Tag: team=checkout ✕' }).waitFor()
    const filtered = `currency = 'CHF' AND service = 'Compute' AND json_extract_string(tags, '$.team') = 'checkout'`
    const [{ sum = '' } = {}] = (await stage.weir.sql(
      `SELECT sum(billed)::DECIMAL(20, 2)::VARCHAR AS sum FROM spend WHERE ${filtered}
        AND day > strftime(now() - INTERVAL 30 DAY, '%Y-%m-%d')`,
    )) as { sum?: string }[]
    await francs.locator('header b').getByText(sum).waitFor()
    await page.getByRole('combobox', { name: /^Group by/ }).selectOption('team')
    await francs.locator('.spend-groups').getByText('checkout').waitFor()
    await page.getByRole('button', { name: 'Tag: team=checkout ✕' }).click()
    await page.getByRole('button', { name: 'Service: Compute ✕' }).waitFor()
    expect(new URL(page.url()).searchParams.has('tags')).toBe(false)
    await page.context().close()
  })

  test('forecast, budget, treemap, movers and allocation of a month are those of SQL', async () => {
    const page = await stage.page('/spend?v=1&span=month')
    const francs = page.getByRole('region', { name: 'Costs in CHF', exact: true })
    const outlook = francs.getByRole('region', { name: 'Forecast in CHF' })
    const sql = async (statement: string): Promise<string> =>
      String(((await stage.weir.sql(statement)) as { n: unknown }[])[0]?.n)
    const month = `currency = 'CHF' AND month = strftime(now(), '%Y-%m')`
    const days = Number(await sql(`SELECT day(last_day(current_date))::INTEGER AS n`))
    const final = `${month} AND NOT estimated AND day < strftime(now(), '%Y-%m-%d')`
    const counted = Number(await sql(`SELECT count(DISTINCT day)::INTEGER AS n FROM spend WHERE ${final}`))
    if (counted > 0) {
      const usage = Number(await sql(`SELECT sum(billed)::DOUBLE AS n FROM spend WHERE ${final}`))
      await outlook.getByText(`CHF ${((usage * days) / counted).toFixed(2)}`.replace(' ', '\u00a0')).waitFor()
    }
    await outlook.getByRole('img', { name: /budget CHF/ }).waitFor()
    await francs
      .getByRole('list', { name: /^Shares of costs in CHF by service/ })
      .getByRole('button')
      .first()
      .waitFor()
    await francs.getByRole('region', { name: 'Largest changes in CHF' }).getByText('Compute').waitFor()
    const idle = await sql(`SELECT coalesce(sum(s.billed), 0)::DECIMAL(20, 2)::VARCHAR AS n FROM spend s WHERE ${month}
      AND EXISTS (SELECT 1 FROM inventory i WHERE i.finding IS NOT NULL AND i.id = s.resource
      AND i.provider = s.provider
      AND i.valid_from < CAST(s.day || 'T00:00:00Z' AS TIMESTAMPTZ) + INTERVAL 1 DAY
      AND (i.valid_to IS NULL OR i.valid_to >= CAST(s.day || 'T00:00:00Z' AS TIMESTAMPTZ) + INTERVAL 1 DAY))`)
    const allocation = francs.getByRole('region', { name: 'Allocation of costs in CHF' })
    await allocation.getByRole('row', { name: new RegExp(`^idle .*${idle.replace('.', '\\.')}`) }).waitFor()
    expect(await violations(page)).toEqual([])
    await francs
      .getByRole('list')
      .getByRole('button', { name: /^Compute/ })
      .click()
    await page.getByRole('button', { name: 'Service: Compute ✕' }).waitFor()
    expect(stage.complaints).toEqual([])
    await page.context().close()
  })

  test('check 38: idle, shared and allocated costs add up to the total, by currency and day', async () => {
    const page = await stage.page('/spend?v=1&span=days')
    for (const currency of ['CHF', 'USD']) {
      const costs = page.getByRole('region', { name: `Costs in ${currency}`, exact: true })
      const rows = costs.getByRole('region', { name: `Allocation of costs in ${currency}` }).locator('tbody tr')
      await rows.first().waitFor()
      // The title has the exact amount; the text is rounded.
      const parts = await rows
        .locator('td[title]')
        .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('title')))
      expect(parts).toHaveLength(3)
      const sum = parts.reduce((added, part) => added + Number(part), 0).toFixed(2)
      const shown = [await rows.last().innerText(), await costs.locator('header b').innerText()]
      for (const text of shown) expect(text).toContain(sum)
    }
    const read = async (query: string): Promise<SpendSums> => {
      const response = await fetch(`${stage.weir.url}/api/v1/spend?${query}`)
      return (await response.json()) as SpendSums
    }
    const days = (await stage.weir.sql(`SELECT day, currency, sum(billed)::DECIMAL(38, 10)::VARCHAR AS cost FROM spend
      GROUP BY ALL ORDER BY ALL`)) as { day: string; currency: string; cost: string }[]
    expect(days.length).toBeGreaterThan(30)
    for (const { day, currency, cost } of days.slice(-8)) {
      const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
      const { currencies } = await read(`by=allocation&from=${day}&to=${next}&currency=${currency}`)
      const parts = currencies[0]?.groups.map((group) => Number(group.cost)) ?? []
      expect(Math.round(parts.reduce((sum, part) => sum + part, 0) * 100)).toBe(Math.round(Number(cost) * 100))
    }
    await page.context().close()
  })

  test('two times of the inventory are compared, and the URL keeps fixed times', async () => {
    const page = await stage.page('/inventory')
    await page.getByRole('tab', { name: 'Comparison' }).click()
    await page.getByText('1 created · 0 deleted · 3 changed').waitFor()
    const rows = await gridRows(page)
    expect(rows.map((row) => row.join(' ')).find((row) => row.includes('worker-2'))).toContain('standard.medium')
    await page.getByRole('button', { name: 'Use absolute times' }).click()
    await page.waitForURL(/between=20\d\d-/)
    await page.reload()
    await page.getByText('1 created · 0 deleted · 3 changed').waitFor()
    expect([await violations(page), stage.complaints]).toEqual([[], []])
    await page.getByRole('textbox', { name: 'Later time' }).fill('some day')
    await page.getByRole('alert').waitFor()
    await page.locator('.grid-body [role="row"]').first().click()
    await page.getByRole('complementary').waitFor()
    await page.context().close()
  })

  test('a number in the bodies of any family is a chart, by a text of the bodies', async () => {
    const page = await stage.page('/charts?v=1&t=now-7d..now&family=cost&field=/BilledCost&fn=sum&by=/ServiceName')
    await page.locator('.chart-place canvas').first().waitFor()
    await page.getByText('Sum of BilledCost').first().waitFor()
    await page.getByText('Compute').first().waitFor()
    await page.getByRole('combobox', { name: /^Group by/ }).selectOption('subject')
    await page.getByRole('combobox', { name: /^Function/ }).selectOption('p95')
    await page.getByText('95th percentile of BilledCost').first().waitFor()
    if (folder !== undefined) await page.screenshot({ path: `${folder}/charts.png` })
    expect([...(await outside(page)), ...(await hidden(page)), ...(await violations(page))]).toEqual([])
    await page.getByRole('combobox', { name: /^Family/ }).selectOption('log')
    await page.getByText('No numeric fields').waitFor()
    expect(stage.complaints).toEqual([])
    await page.context().close()
  })

  test.each([
    [1440, 'light'],
    [1440, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('nothing is cut off at %i px, %s', async (width, colorScheme) => {
    const page = await stage.page('/inventory', { colorScheme, viewport: { width, height: 900 } })
    const check = async (name: string): Promise<void> => {
      if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png` })
      expect([...(await outside(page)), ...(await hidden(page)), ...(await violations(page))]).toEqual([])
    }
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await check('inventory')
    await page.goto(`${stage.weir.url}/inventory?v=1&sel=exoscale:shop/ch-gva-2/instance/worker-2`)
    await page.getByRole('complementary').getByText('standard.medium').waitFor()
    if (folder !== undefined) await page.screenshot({ path: `${folder}/inventory-details-${width}-${colorScheme}.png` })
    expect([...(await outside(page)), ...(await violations(page))]).toEqual([])
    await page.goto(`${stage.weir.url}/spend?v=1&span=days`)
    await page.getByText('Compute').first().waitFor()
    await page.locator('.chart-place canvas').first().waitFor()
    await page.locator('.treemap li').first().waitFor()
    await page.locator('.spend-allocation').first().waitFor()
    await check('spend')
    await page.goto(`${stage.weir.url}/inventory?v=1&list=comparison`)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await check('inventory-comparison')
    expect(stage.complaints).toEqual([])
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: feeds', () => {
  const stage = new Stage()
  let feed: WebSocketServer | undefined

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    feed = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    feed.on('connection', (socket) => {
      for (const number of [1, 2, 5]) socket.send(JSON.stringify({ number }))
    })
    await once(feed, 'listening')
    const url = `ws://127.0.0.1:${(feed.address() as AddressInfo).port}/`
    await stage.open({
      sources: {
        market: { type: 'websocket', url, sequence: { at: '/number' } },
        logs: { type: 'loki-push', listen: '127.0.0.1:0' },
      },
    })
  })

  afterAll(async () => {
    await stage.close()
    for (const socket of feed?.clients ?? []) socket.terminate()
    feed?.close()
  })

  test('Pipeline shows records, gaps and the reason why a feed is silent', async () => {
    const page = await stage.page('/pipeline')
    const feeds = page.getByRole('region', { name: 'Feeds' })
    await feeds.getByRole('row', { name: /market websocket .* 1 \(2 missing\) 0 – ● running/ }).waitFor()
    await feeds.getByText(/No request was accepted at .*loki/).waitFor()
    await feeds.getByRole('button', { name: 'market' }).click()
    await page
      .getByRole('complementary')
      .getByText(/3 – 4 missing/)
      .waitFor()
    if (folder !== undefined) await page.screenshot({ path: `${folder}/feeds.png` })
    expect([...(await violations(page)), ...stage.complaints]).toEqual([])
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: cloud resources of a viewer of one namespace', () => {
  const token = 'correct-horse-battery-shop'
  const stage = useStage({
    auth: {
      tokens: [
        { name: 'root', token: 'correct-horse-battery-admin' },
        { name: 'sam', token, role: 'viewer', namespaces: ['shop'] },
      ],
    },
  })

  test('the page of a resource states what the role may not see, and has no audit event', async () => {
    const page = await stage.page(`/resource/exoscale:shop/ch-gva-2/instance/worker-2#token=${token}`)
    await page.getByText('which your role may not see').waitFor()
    await page.getByRole('region', { name: 'Audit events' }).getByText('No audit event names it').waitFor()
    expect(await page.getByRole('region', { name: 'History', exact: true }).count()).toBe(0)
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: no cloud is connected', () => {
  const stage = useStage()

  test('empty pages show how to configure a source', async () => {
    const page = await stage.page('/inventory')
    await page.getByText('No cloud is connected').waitFor()
    await page.getByText('EXOSCALE_API_KEY').waitFor()
    expect(await violations(page)).toEqual([])
    await page.goto(`${stage.weir.url}/spend`)
    await page.getByText('path: /var/lib/weir/spend').waitFor()
    expect([await violations(page), stage.complaints]).toEqual([[], []])
    await page.context().close()
  })
})
