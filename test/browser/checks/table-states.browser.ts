import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage } from '../kit/stage.ts'

const flows = (query: Readonly<Record<string, string>>): string =>
  `/flows?${new URLSearchParams({ v: '1', live: '0', t: 'now-1h..now', ...query })}`
const requestTo = (page: Page, path: string): Promise<unknown> =>
  page.waitForResponse((answer) => new URL(answer.url()).pathname.startsWith(path))

describe.skipIf(chromiumPath === undefined)('chromium: empty states and errors of the Flows page', () => {
  const stage = useStage()
  const views: readonly (readonly [
    name: string,
    query: Readonly<Record<string, string>>,
    shown: string,
    path: string,
  ])[] = [
    ['table', {}, '.grid-body [role="row"]', '/api/v1/flows'],
    ['groups', { group: 'src_name,dst_name' }, '.grid-body [role="row"]', '/api/v1/flows'],
    ['overview', { view: 'overview' }, '.shares tr, .donut', '/api/v1/'],
    ['topology', { view: 'topology' }, '.graph-place', '/api/v1/topology'],
  ]

  test.each(views)(
    'check 43: the %s explains an empty filter or time range and offers a working action',
    async (_name, query, shown) => {
      await stage.filled()
      const page = await stage.page(flows({ ...query, q: 'dst_port = 4', quick: 'Large' }))
      await page.getByText('No flow matches').waitFor()
      await page.getByText('No flow in “Last 1 h” matches').waitFor()
      await page.getByRole('button', { name: 'Clear the filter' }).last().click()
      await page.locator(shown).first().waitFor()
      expect(new URL(page.url()).searchParams.get('q')).toBe(null)
      expect(new URL(page.url()).searchParams.get('quick')).toBe(null)
      await page.goto(stage.weir.url + flows({ ...query, t: '2001-01-01T00:00Z..2001-01-02T00:00Z' }))
      await page.getByText('No flows in this time range').waitFor()
      await page.getByRole('button', { name: 'Show the last week' }).click()
      await page.locator(shown).first().waitFor()
      await page.context().close()
    },
  )

  test.each(views)(
    'check 43: a failed query of the %s has an id and can be retried',
    async (name, query, shown, path) => {
      await stage.filled()
      const page = await stage.page(flows({ ...query, q: 'dst_prot = 443' }))
      const error = page.getByRole('alert').filter({ hasText: 'Try again' }).first()
      await error.getByText('There is no field dst_prot.').first().waitFor()
      expect(await error.textContent(), name).toMatch(/query [0-9a-z]+-[0-9a-z]+/)
      await Promise.all([requestTo(page, path), error.getByRole('button', { name: 'Try again' }).click()])
      await page.getByRole('button', { name: 'Clear the filter' }).first().click()
      await page.locator(shown).first().waitFor()
      await page.context().close()
    },
  )

  test('check 43: a failed refresh keeps the previous result, with the query id and a retry', async () => {
    await stage.filled()
    const page = await stage.page(flows({ q: 'dst_port = 443' }))
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const rows = await gridRows(page)
    // Follow a link with an unchecked filter.
    await page.evaluate(
      "history.pushState(null, '', location.href.replace(/q=[^&]*/, 'q=dst_prot+%3D+443')); " +
        "dispatchEvent(new PopStateEvent('popstate'))",
    )
    const error = page.getByRole('alert').filter({ hasText: 'Showing the previous result.' })
    await error.waitFor()
    expect(await error.textContent()).toMatch(/There is no field dst_prot\..*query [0-9a-z]+-[0-9a-z]+/)
    expect((await gridRows(page)).slice(0, 10)).toEqual(rows.slice(0, 10))
    await Promise.all([requestTo(page, '/api/v1/flows'), error.getByRole('button', { name: 'Try again' }).click()])
    await page.context().close()
  })

  test('check 43: a missing record is reported and can be checked again', async () => {
    await stage.filled()
    const page = await stage.page(flows({ sel: 'netflow:1:99999999:0' }))
    const drawer = page.getByRole('complementary', { name: 'Flow' })
    await drawer.getByText('Flow not found').waitFor()
    await drawer.getByText('netflow:1:99999999:0').waitFor()
    await Promise.all([requestTo(page, '/api/v1/flows'), drawer.getByRole('button', { name: 'Check again' }).click()])
    await drawer.getByRole('button', { name: 'Close' }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('sel')).toBe(null)
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: groups without a store, and live', () => {
  const stage = useStage({ store: { enabled: 'none' } })

  test('groups of the live memory match the sent flows, show their coverage, and follow it', async () => {
    const page = await stage.page('/flows?v=1&group=src_name,dst_name&refresh=5')
    await page.getByText('No flows yet').waitFor()
    let sent = await stage.flows(10_000)
    const total = (): Promise<string> =>
      page
        .locator('.table-foot')
        .textContent()
        .then(
          (text) => text ?? '',
          () => '',
        )
    const flowsText = (count: number): string => `${new Intl.NumberFormat('en-US').format(count)} flows`
    await expect.poll(total, { timeout: 30_000 }).toContain(flowsText(sent))
    await page.getByText('no store: live memory').waitFor()
    sent += await stage.flows(10_000)
    await expect.poll(total, { timeout: 30_000 }).toContain(flowsText(sent))
    const rows = await gridRows(page)
    expect(rows.reduce((sum, row) => sum + Number((row[4] ?? '').replaceAll(',', '')), 0)).toBe(sent)
    await page.getByRole('button', { name: 'Export' }).click()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV, all groups, raw values' }).click(),
    ])
    expect(file.suggestedFilename()).toBe('weir-groups.csv')
    const lines: string[] = []
    for await (const piece of await file.createReadStream()) lines.push(String(piece))
    const [head, ...records] = lines.join('').trimEnd().split('\r\n')
    expect(head).toBe('src_name,dst_name,bytes,packets,flows')
    expect(records.reduce((sum, record) => sum + Number(record.split(',').at(-1)), 0)).toBe(sent)
    await page.context().close()
  })
})
