import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { asCloudEvent } from '../../sim/cloud-event.ts'
import { clusterLife } from './kit/cluster-life.ts'
import { expectCount } from './kit/counted.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const box = (page: Page) => page.getByRole('combobox', { name: 'Filter' })
const chips = (page: Page): Promise<string[]> => page.locator('.condition-text').allTextContents()
const filterOf = (page: Page): string => new URL(page.url()).searchParams.get('q') ?? ''
const count = async (sql: (text: string) => Promise<unknown>, where: string): Promise<number> =>
  Number(((await sql(`SELECT count(*)::INT AS n FROM flows WHERE ${where}`)) as { n: number }[])[0]?.n)

describe.skipIf(chromiumPath === undefined)('chromium: natural input', () => {
  const stage = useStage()
  const sql = (text: string): Promise<unknown> => stage.weir.sql(text)

  test('an address, address:port, a network, a port and words become chips with the rows of SQL', async () => {
    await stage.filled()
    const [pair] = (await sql(
      'SELECT dst_addr AS addr, dst_port AS port, count(*) FROM flows WHERE dst_port = 5432 GROUP BY ALL ' +
        'ORDER BY 3 DESC LIMIT 1',
    )) as { addr: string; port: number }[]
    const { addr = '', port = 0 } = pair ?? {}
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now')
    for (const [typed, chip, where] of [
      [addr, [`source or destination address is ${addr}`], `'${addr}' IN (src_addr, dst_addr)`],
      [
        `${addr}:${port}`,
        [`source or destination is ${addr}:${port}`],
        `(src_addr = '${addr}' AND src_port = ${port}) OR (dst_addr = '${addr}' AND dst_port = ${port})`,
      ],
      [
        '10.20.2.0/24',
        ['source or destination address is 10.20.2.0/24'],
        "src_addr LIKE '10.20.2.%' OR dst_addr LIKE '10.20.2.%'",
      ],
      ['5432', ['port 5432'], '5432 IN (src_port, dst_port)'],
      [
        'database 5432',
        ['contains “database”', 'port 5432'],
        "concat_ws(' ', src_name, src_label, dst_name, dst_label) LIKE '%database%' AND 5432 IN (src_port, dst_port)",
      ],
    ] as const) {
      await box(page).fill(typed)
      await box(page).press('Escape')
      await box(page).press('Enter')
      await expect.poll(() => filterOf(page)).not.toBe('')
      await box(page).blur()
      await expect.poll(() => chips(page)).toEqual(chip)
      await expectCount(page, filterOf(page), await count(sql, where))
    }
    await page.context().close()
  })

  test('completion offers the meaning of the typed text, which becomes a chip beside the others', async () => {
    await stage.filled()
    const page = await stage.page('/flows?v=1&live=0&t=now-1h..now&q=proto+%3D+tcp')
    await page.getByRole('button', { name: 'Add a condition' }).click()
    await page.keyboard.type('10.20.2.31:5432')
    const offered = page.getByRole('listbox', { name: 'Completions' }).getByRole('option')
    await expect
      .poll(() => offered.allTextContents())
      .toEqual([
        expect.stringContaining('source or destination is 10.20.2.31:5432'),
        expect.stringContaining('source is 10.20.2.31:5432'),
        expect.stringContaining('destination is 10.20.2.31:5432'),
      ])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect.poll(() => filterOf(page)).toBe('proto = tcp and either(addr = 10.20.2.31 and port = 5432)')
    await box(page).fill('databa')
    await offered.filter({ hasText: 'name database' }).first().click()
    await expect.poll(() => filterOf(page)).toMatch(/^any\.name = "?database"?$/)
    await page.context().close()
  })

  test('chips are edited, inverted and removed by keyboard, and the text is the same filter', async () => {
    await stage.filled()
    const filter = 'dst_port = 5432 and (src_port > 1 or bytes > 1) and proto = tcp'
    const page = await stage.page(`/flows?v=1&live=0&t=now-1h..now&q=${encodeURIComponent(filter)}`)
    await expect.poll(() => chips(page)).toEqual(['service port 5432', '(src_port > 1 or bytes > 1)', 'protocol TCP'])
    await box(page).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('!')
    await expect.poll(() => filterOf(page)).toBe('dst_port = 5432 and (src_port > 1 or bytes > 1) and proto != tcp')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Delete')
    await expect.poll(() => filterOf(page)).toBe('dst_port = 5432 and proto != tcp')
    await page.getByRole('button', { name: 'Condition: service port 5432' }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.type('dst_port = 443')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Enter')
    await expect.poll(() => filterOf(page)).toBe('dst_port = 443 and proto != tcp')
    await page.getByRole('button', { name: 'Invert: service port 443' }).click()
    await expect.poll(() => filterOf(page)).toBe('dst_port != 443 and proto != tcp')
    await page.getByRole('button', { name: 'Remove: not protocol TCP' }).click()
    await expect.poll(() => filterOf(page)).toBe('dst_port != 443')
    await page.getByRole('button', { name: 'Show the filter as text' }).click()
    expect(await page.locator('.condition').count()).toBe(0)
    expect(await box(page).inputValue()).toBe('dst_port != 443')
    await page.getByRole('button', { name: 'Show the filter as conditions' }).click()
    await expect.poll(() => chips(page)).toEqual(['not service port 443'])
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('the same box and rules are on Changes, Audit, Events and Resources', async () => {
    const events = clusterLife().map((event) => asCloudEvent(event))
    for (let at = 0; at < events.length; at += 500) await stage.weir.events(events.slice(at, at + 500))
    const stored = async (): Promise<number> =>
      ((await sql('SELECT count(*)::INT AS n FROM changes')) as { n: number }[])[0]?.n ?? 0
    await expect.poll(stored, { timeout: 60_000 }).toBeGreaterThan(800)
    for (const [path, typed, filter, row] of [
      ['/changes?v=1&live=0', 'api Deployment', 'text ~ "(?i)api" and text ~ "(?i)Deployment"', 'api'],
      ['/audit?v=1&live=0', 'networkpolicies bob', 'text ~ "(?i)networkpolicies" and text ~ "(?i)bob"', 'bob'],
      ['/resources', '10.20.2.31', 'text ~ "\\b10\\.20\\.2\\.31\\b"', 'database-0'],
      ['/events', 'readiness', 'text ~ "(?i)readiness"', 'shop'],
    ] as const) {
      const page = await stage.page(path)
      await page.locator('.grid-body [role="row"]').first().waitFor()
      await box(page).fill(typed)
      await box(page).press('Escape')
      await box(page).press('Enter')
      await expect.poll(() => [path, filterOf(page)]).toEqual([path, filter])
      await page.locator('.grid-body [role="row"]').filter({ hasText: row }).first().waitFor()
      await expect.poll(() => page.locator('.grid-body [role="row"]').count(), { message: path }).toBeLessThan(8)
      await box(page).blur()
      expect(
        (await chips(page)).every((chip) => chip.startsWith('contains')),
        path,
      ).toBe(true)
      expect(await violations(page)).toEqual([])
      await page.context().close()
    }
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
