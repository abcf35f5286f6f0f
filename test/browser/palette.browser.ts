import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { traceEvent } from '../../src/store/testing/traces.ts'
import { asCloudEvent } from '../../sim/cloud-event.ts'
import { clusterLife } from './kit/cluster-life.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'
import { until } from './kit/until.ts'

describe.skipIf(chromiumPath === undefined)('chromium: the palette', () => {
  const stage = useStage()
  const now = Date.now()

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    await stage.filled()
    const events = [...clusterLife(), ...Array.from({ length: 200 }, (_, n) => traceEvent(n, now - 600_000 + n))].map(
      (event) => asCloudEvent(event),
    )
    for (let at = 0; at < events.length; at += 500) await stage.weir.events(events.slice(at, at + 500))
    const stored = async (): Promise<number> =>
      (await stage.weir.sql<{ n: number }>('SELECT count(*)::INT AS n FROM audit'))[0]?.n ?? 0
    await until(async () => (await stored()) >= 201)
  })

  async function find(page: Page, typed: string, option: string | RegExp): Promise<void> {
    await page.getByRole('navigation', { name: 'Pages' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Page or command' }).fill(typed)
    await page.getByRole('option', { name: option }).first().click()
  }

  test('it opens objects, actors, namespaces, addresses, saved views and documents', async () => {
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now')
    await find(page, 'database-0', /^Pod shop\/database-0 object$/)
    await page
      .getByRole('heading', { name: /database-0/ })
      .first()
      .waitFor()
    expect(page.url()).toContain('/resource/')
    const [actor] = await stage.weir.sql<{ actor: string; name: string }>(
      "SELECT actor, split_part(actor, '/', 2) AS name FROM audit WHERE actor LIKE 'user:%' LIMIT 1",
    )
    await find(page, actor?.name ?? '', new RegExp(`^${actor?.name ?? ''} actor$`))
    await expect.poll(() => new URL(page.url()).searchParams.get('of')).toBe(actor?.actor)
    await find(page, 'ban', /^Namespace bank namespace$/)
    await page.locator('.grid-body [role="row"]').filter({ hasText: 'bank' }).first().waitFor()
    await find(page, '10.20.2.31', 'Flows: source or destination address is 10.20.2.31')
    await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('any.addr = 10.20.2.31')
    await page.locator('.grid-body [role="row"]').first().waitFor()
    await page.keyboard.press('v')
    await page.getByRole('textbox', { name: 'Name of this view' }).fill('Database traffic')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Database traffic').waitFor()
    await page.keyboard.press('Escape')
    await page.goto(`${stage.weir.url}/events`)
    await find(page, 'database tr', 'View: Database traffic')
    await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('any.addr = 10.20.2.31')
    await find(page, 'filter language names', /^The filter language: Names documentation$/)
    await page.getByRole('heading', { name: 'Names', level: 2 }).waitFor()
    expect(new URL(page.url()).searchParams.get('page')).toBe('explain/query')
    expect(await violations(page)).toEqual([])
    await page.getByRole('link', { name: 'fields', exact: true }).first().click()
    await expect.poll(() => new URL(page.url()).searchParams.get('page')).toBe('reference/fields')
    await page.context().close()
  })

  test('it is used by keyboard, and no rule of WCAG 2.2 AA is broken with results', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await stage.page('/flows?v=1&live=0&t=now-1h..now', { colorScheme })
      await page.locator('.grid-body [role="row"]').first().waitFor()
      await page.keyboard.press('Control+k')
      await page.keyboard.type('database-0')
      await page.getByRole('option', { name: /^Pod shop\/database-0/ }).waitFor()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/resource\//)
      await page.context().close()
    }
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
