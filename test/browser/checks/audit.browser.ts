import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { AuditRecord } from '../../../src/model/audit.ts'
import { auditEvent, changeEvent, identity } from '../../../src/store/testing/cluster.ts'
import { traceEvent } from '../../../src/store/testing/traces.ts'
import { asCloudEvent } from '../../../sim/cloud-event.ts'
import { chromiumPath, gridRows, useStage, violations } from '../kit/stage.ts'
import { until } from '../kit/until.ts'

const pollOptions = { timeout: 30_000 }
const number = (text: string): number => Number(text.replaceAll(/\D/g, ''))
const rowCount = async (page: Page): Promise<number> =>
  Number(await page.getByRole('grid').getAttribute('aria-rowcount')) - 1

describe.skipIf(chromiumPath === undefined)('chromium: audit', () => {
  const stage = useStage()
  const now = Date.now()
  const total = 4000
  const [from, to] = [new Date(now - 7_200_000).toISOString(), new Date(now + 60_000).toISOString()]
  const stored = `/audit?v=1&live=0&t=${from}..${to}`
  const within = `time >= '${from}' AND time < '${to}'`
  const counted = async (where: string): Promise<number> =>
    Number(
      (await stage.weir.sql<{ n: number }>(`SELECT count(*)::INT AS n FROM audit WHERE ${within} AND ${where}`))[0]?.n,
    )
  const node = (page: Page, column: string, nth: number): ReturnType<Page['locator']> =>
    page.locator(`.audit-graph ul[aria-label="${column}"] li button`).nth(nth)
  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const events = Array.from({ length: total }, (_, n) => traceEvent(n, now - 3_600_000 + n * 800)).map((event) =>
      asCloudEvent(event),
    )
    for (let at = 0; at < events.length; at += 500) await stage.weir.events(events.slice(at, at + 500))
    await until(async () => (await counted('true')) >= total)
  })

  test('check 36: the table, the graph and its others match SQL, and neighbours are listed completely', async () => {
    const page = await stage.page(stored)
    await expect.poll(() => rowCount(page), pollOptions).toBe(total)
    await page.getByRole('tab', { name: 'Activity' }).click()
    await page.locator('.audit-graph').waitFor()
    for (const [column, name] of [
      ['Actor', 'actor'],
      ['Action', 'action'],
      ['Resource', 'resource'],
      ['Tenant', 'tenant'],
      ['Region', 'region'],
    ] as const) {
      const drawn = await page
        .locator(`.audit-graph ul[aria-label="${column}"] li`)
        .evaluateAll((items) => items.map((item) => item.querySelector('.number')?.textContent ?? ''))
      const known = await stage.weir.sql<{ n: number }>(
        `SELECT count(*)::INT AS n FROM audit WHERE ${within} GROUP BY ${name} ORDER BY n DESC`,
      )
      expect(drawn.map(number).slice(0, 50), column).toEqual(known.slice(0, 50).map(({ n }) => n))
      expect(
        drawn.map(number).reduce((sum, n) => sum + n, 0),
        column,
      ).toBe(total)
    }
    await node(page, 'Tenant', 0).click()
    const drawer = page.getByRole('complementary', { name: 'Node' })
    const tenant = new URL(page.url()).searchParams.get('node')?.replace('tenant:', '') ?? ''
    const resources = drawer.getByRole('region', { name: 'Neighbours: resource' })
    const [sum] = await stage.weir.sql<{ values: number }>(
      `SELECT count(DISTINCT resource)::INT AS values FROM audit WHERE ${within} AND tenant = '${tenant}'`,
    )
    await resources.locator('h3').waitFor()
    expect(number(await resources.locator('h3').innerText())).toBe(sum?.values)
    expect(await resources.locator('li').count()).toBe(25)
    expect(number((await resources.locator('p').innerText()).split(' more')[0] ?? '')).toBe((sum?.values ?? 0) - 25)
    await resources.getByRole('button', { name: 'Next 25' }).click()
    await expect.poll(() => resources.locator('li').count(), pollOptions).toBe(50)
    await drawer.getByRole('button', { name: 'Only this' }).click()
    await expect
      .poll(
        async () =>
          number(
            await page
              .locator('.page-line [role="status"]')
              .innerText()
              .then((pathTexts) => pathTexts.split(' of ')[1] ?? ''),
          ),
        pollOptions,
      )
      .toBe(await counted(`tenant = '${tenant}'`))
    await page.context().close()
  })

  test('check 39: keys traverse the graph, open a node and exclude it; Shift-click excludes, too', async () => {
    const page = await stage.page(`${stored}&view=graph`)
    await node(page, 'Actor', 0).focus()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => page.evaluate<string | undefined>('document.activeElement.dataset.node')).toBe('0:1')
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => page.evaluate<string | undefined>('document.activeElement.dataset.node')).toMatch(/^1:/)
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Node' }).waitFor()
    const action = new URL(page.url()).searchParams.get('node')?.replace('action:', '') ?? ''
    await page.keyboard.press('Escape')
    await node(page, 'Action', 0).focus()
    await page.keyboard.press('x')
    await expect.poll(() => new URL(page.url()).searchParams.get('action'), pollOptions).toBe(`!${action}`)
    const status = page.locator('.page-line [role="status"]')
    await expect
      .poll(async () => number((await status.innerText()).split(' of ')[1] ?? ''), pollOptions)
      .toBe(await counted(`action <> '${action}'`))
    const first = (await node(page, 'Region', 0).locator('.grow').innerText()).trim()
    await node(page, 'Region', 0).click({ modifiers: ['Shift'] })
    await expect
      .poll(async () => number((await status.innerText()).split(' of ')[1] ?? ''), pollOptions)
      .toBe(await counted(`action <> '${action}' AND region <> '${first}'`))
    await page.getByRole('button', { name: 'Show as table' }).click()
    await page.getByRole('columnheader', { name: 'Failed' }).waitFor()
    const { pathname, search } = new URL(page.url())
    const fresh = await stage.page(pathname + search)
    await fresh.getByRole('columnheader', { name: 'Failed' }).waitFor()
    expect(await fresh.locator('.audit-part tbody tr').allInnerTexts()).toEqual(
      await page.locator('.audit-part tbody tr').allInnerTexts(),
    )
    await fresh.context().close()
    await page.context().close()
  })

  test('the paths between two nodes match the graph', async () => {
    const [some] = await stage.weir.sql<{
      actor: string
      resource: string
      name: string
      action: string
      tenant: string
    }>(
      `SELECT actor, resource, resource_name AS name, action, tenant FROM audit WHERE ${within} AND actor LIKE '%/u0'
        ORDER BY time DESC`,
    )
    const page = await stage.page(`${stored}&view=graph&node=actor:${encodeURIComponent(some?.actor ?? '')}`)
    await page.getByRole('complementary', { name: 'Node' }).getByRole('button', { name: 'Paths from here' }).click()
    await page.getByRole('button', { name: /^paths from/ }).waitFor()
    const { href } = new URL(page.url())
    await page.goto(href.replace(/node=[^&]*/, `node=resource:${encodeURIComponent(some?.resource ?? '')}`))
    const ways = page.getByRole('region', { name: 'Paths', exact: true })
    await ways.getByRole('heading', { name: `1 shortest path from user-0 to ${some?.name}` }).waitFor()
    const pathTexts = async (): Promise<string[]> =>
      (await ways.locator('li').allInnerTexts()).map((each) => each.replaceAll(/\s+/g, ' '))
    expect(await pathTexts()).toEqual([`user-0 acted-on → ${some?.name}`])
    // Actions and tenants have paths, too.
    await page.goto(href.replace(/node=[^&]*/, `node=action:${encodeURIComponent(some?.action ?? '')}`))
    await ways.getByRole('heading', { name: `1 shortest path from user-0 to ${some?.action}` }).waitFor()
    expect(await pathTexts()).toEqual([`user-0 did → ${some?.action}`])
    await page.goto(href.replace(/node=[^&]*/, `node=tenant:${encodeURIComponent(some?.tenant ?? '')}`))
    await ways.getByRole('heading', { name: `from user-0 to ${some?.tenant}` }).waitFor()
    expect((await pathTexts()).length).toBeGreaterThan(0)
    expect((await pathTexts()).every((each) => /^user-0 acted-on → \S+ member-of → project\d+$/.test(each))).toBe(true)
    await page.context().close()
  })

  test('the view is shown as SQL, which returns the same rows on the page SQL', async () => {
    const page = await stage.page(`${stored}&severity=!normal`)
    const status = page.locator('.page-line [role="status"]')
    await expect
      .poll(async () => number((await status.innerText()).split(' of ')[1] ?? ''), pollOptions)
      .toBe(await counted("severity <> 'normal'"))
    await page.getByRole('tab', { name: 'Activity' }).click()
    await page.locator('.audit-graph').waitFor()
    await page.getByRole('button', { name: 'Show query' }).click()
    const dialog = page.getByRole('dialog', { name: 'Query' })
    const sql = await dialog.getByLabel('The query in SQL').innerText()
    const rows = await stage.weir.sql<{ traces: number }>(sql.replace('count(*) AS traces', 'count(*)::INT AS traces'))
    expect(rows.reduce((sum, { traces }) => sum + traces, 0)).toBe(await counted("severity <> 'normal'"))
    expect(await violations(page)).toEqual([])
    await dialog.getByRole('link', { name: 'Open on page SQL' }).click()
    await expect.poll(() => rowCount(page), pollOptions).toBeGreaterThan(0)
    expect(await page.getByRole('textbox').first().inputValue()).toBe(sql)
    await page.context().close()
  })

  test('a new audit event appears at once with its delay, and in first occurrences and failed logins', async () => {
    const page = await stage.page('/audit?v=1&q=loginFailed')
    await page.getByRole('heading', { name: 'No audit event matches' }).waitFor()
    const base = asCloudEvent(traceEvent(total + 1, Date.now())) as Record<string, unknown>
    const audit = {
      actor: { kind: 'user', name: 'mallory', domain: 'd9', address: '203.0.113.66' },
      action: 'loginFailed',
      service: 'IAM',
      tenant: 'project1',
      region: 'eu-1',
      outcome: 'failure',
      severity: 'warning',
    }
    await stage.weir.events([{ ...base, id: 'mallory-1', weirref: undefined, data: { audit, request: 'who knows' } }])
    await expect
      .poll(async () => (await gridRows(page))[0]?.slice(1, 4), pollOptions)
      .toEqual(['▲ failed', 'mallory', 'IAM loginFailed'])
    await page.getByRole('button', { name: /^newest/ }).waitFor()
    await page.getByRole('tab', { name: 'Failed logins' }).click()
    await page.getByRole('row', { name: /mallory 1 .* 203\.0\.113\.66/ }).waitFor()
    await page.getByRole('tab', { name: 'First occurrences' }).click()
    await page.getByRole('row', { name: /mallory IAM loginFailed 1/ }).waitFor()
    await page.getByRole('tab', { name: 'Audit events' }).click()
    await page.locator('.grid-body [role="gridcell"]').nth(1).click()
    await page.getByRole('complementary', { name: 'Audit event' }).getByText('who knows').waitFor()
    await page.context().close()
  })

  test('an actor has its audit events by client and equal names elsewhere; a resource its audit events', async () => {
    const page = await stage.page(stored)
    const [busiest] = await stage.weir.sql<{ actor: string; name: string; n: number }>(
      `SELECT actor, actor_name AS name, count(*)::INT AS n FROM audit WHERE ${within} GROUP BY ALL ORDER BY n DESC`,
    )
    await page
      .locator('.grid-body')
      .getByRole('link', { name: busiest?.name ?? '', exact: true })
      .first()
      .click()
    await page.getByRole('heading', { name: busiest?.name ?? '', level: 1 }).waitFor()
    expect(new URL(page.url()).searchParams.get('of')).toBe(busiest?.actor)
    await page.locator('.page-line').getByText(`${busiest?.n} audit events`).waitFor()
    const services = await stage.weir.sql<{ service: string; n: number }>(
      `SELECT service, count(*)::INT AS n FROM audit WHERE actor = '${busiest?.actor}' GROUP BY 1
        ORDER BY n DESC, service LIMIT 8`,
    )
    const list = page
      .getByRole('region', { name: 'Client' })
      .locator('div')
      .filter({ has: page.getByRole('heading', { name: 'By service' }) })
    await list.waitFor()
    expect(
      (await list.locator('li').allInnerTexts()).slice(0, services.length).map((each) => each.split(/\s+/)),
    ).toEqual(services.map(({ service, n }) => [service, String(n)]))
    await page.locator('.grid-body').getByRole('link', { name: /^res-/ }).first().click()
    await page.getByRole('region', { name: 'Audit events' }).getByText(`by ${busiest?.name}`).first().waitFor()
    await page.context().close()
  })

  test('the page of an actor has only its changes; an equal name of another cluster can be added', async () => {
    const at = new Date(now - 600_000).toISOString()
    const objects = ['here', 'there'].map((name, place) => ({
      ...identity(`Pod/shop/${name}`, String(place + 1)),
      cluster: `c${place + 1}`,
    }))
    const record = (cluster: string): AuditRecord => ({
      actor: { kind: 'user', name: 'twin', domain: cluster },
      action: 'patch',
      service: 'kubernetes',
      tenant: cluster,
      outcome: 'success',
      severity: 'normal',
    })
    await stage.weir.events(
      objects
        .flatMap((of) => [
          changeEvent(of, at, { operation: 'updated' }),
          auditEvent(of, 'twin', 'patch', at, { version: of.resourceVersion, audit: record(of.cluster) }),
        ])
        .map((event) => asCloudEvent(event)),
    )
    // The query runs once.
    await expect
      .poll(
        async () =>
          (
            await stage.weir.sql<{ n: number }>("SELECT count(*)::INT AS n FROM changes WHERE actor_ref LIKE '%/twin'")
          )[0]?.n,
        pollOptions,
      )
      .toBe(2)
    const page = await stage.page(`/actor?v=1&of=${encodeURIComponent('user:c1/twin')}`)
    const changed = page.getByRole('region', { name: 'Changes of Kubernetes objects' }).locator('li .says')
    await expect.poll(() => changed.allInnerTexts(), pollOptions).toEqual(['Pod shop/here c1'])
    const elsewhere = page.getByRole('button', { name: 'and 1 actor with the same name elsewhere' })
    await elsewhere.click()
    await expect
      .poll(async () => (await changed.allInnerTexts()).sort(), pollOptions)
      .toEqual(['Pod shop/here c1', 'Pod shop/there c2'])
    await elsewhere.click()
    await page.getByRole('link', { name: 'Show all' }).click()
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Filter' }).inputValue(), pollOptions)
      .toBe('actor_ref = "user:c1/twin"')
    await expect
      .poll(async () => (await gridRows(page)).map((cells) => cells.slice(1, 6)), pollOptions)
      .toEqual([['~ updated', 'Pod', 'shop', 'here', 'twin']])
    await page.locator('.grid-body').getByRole('link', { name: 'twin' }).click()
    await page.getByRole('heading', { level: 1, name: 'twin user:c1/twin' }).waitFor()
    await page.context().close()
  })

  test('a resource with special characters in its id opens its page, also after a reload', async () => {
    const [ref, id] = ['aws:123456789012/s3//logs%2F2026%2F100%25 done.gz', 'logs/2026/100% done.gz']
    await stage.weir.events([
      {
        ...asCloudEvent(traceEvent(total + 2, Date.now())),
        id: 'percent-1',
        weirref: ref,
        data: {
          audit: {
            actor: { kind: 'user', name: 'percent', domain: 'd9' },
            action: 'DeleteObject',
            resource: { type: 'object', id },
            outcome: 'success',
            severity: 'normal',
          },
        },
      },
    ])
    const page = await stage.page('/audit?v=1&q=DeleteObject')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await page
      .locator('.grid-body')
      .getByRole('link', { name: id })
      .click({ position: { x: 6, y: 6 } })
    const traces = page.getByRole('region', { name: 'Audit events' })
    for (const again of [false, true]) {
      if (again) await page.reload()
      await page.getByRole('heading', { level: 1, name: `${id} ${ref}` }).waitFor()
      await traces.getByText('DeleteObject by percent').waitFor()
      expect(new URL(page.url()).pathname).toContain('/s3/-/logs%252F2026%252F100%2525%20done.gz')
    }
    await page.context().close()
  })

  test('check 40: axe finds no violation, light and dark, with open drawers and graphs', async () => {
    const [any] = await stage.weir.sql<{ actor: string; pos: string }>(
      `SELECT actor, _pos AS pos FROM audit WHERE ${within} ORDER BY time DESC`,
    )
    const paths = [
      stored,
      `${stored}&sel=${any?.pos}`,
      `${stored}&view=graph`,
      `${stored}&view=graph&node=tenant:project0`,
      `${stored}&view=graph&table=1`,
      `${stored}&view=first-seen`,
      `/actor?v=1&of=${encodeURIComponent(any?.actor ?? '')}`,
      '/actor',
      '/audit?v=1&q=nowhere',
    ]
    for (const path of paths) {
      const page = await stage.page(path)
      await page
        .locator('.grid-body [role="row"], .audit-graph, .audit-part table, [data-state="empty"]')
        .first()
        .waitFor()
      if (path.includes('sel=') || path.includes('node=')) await page.locator('aside.drawer').waitFor()
      expect(await violations(page), path).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
      expect(await violations(page), `${path}, dark`).toEqual([])
      await page.context().close()
    }
  })
})
