// What the Flows page says when there is nothing, or when an answer fails.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, gridRows, useStage } from '../kit/stage.ts'

const flows = (query: Readonly<Record<string, string>>): string =>
  `/flows?${new URLSearchParams({ v: '1', live: '0', t: 'now-1h..now', ...query })}`
const asked = (page: Page, path: string): Promise<unknown> =>
  page.waitForResponse((answer) => new URL(answer.url()).pathname.startsWith(path))

describe.skipIf(chromiumPath === undefined)('chromium: nothing to show, and errors, on the Flows page', () => {
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
    'check 43: the %s says that the filter leaves nothing, or the span, and what it offers helps',
    async (_name, query, shown) => {
      await stage.filled()
      const page = await stage.page(flows({ ...query, q: 'dst_port = 4', quick: 'Large' }))
      await page.getByText('No flow matches').waitFor()
      await page.getByText('In “Last 1 h” none matches').waitFor()
      await page.getByRole('button', { name: 'Clear the filter' }).last().click()
      await page.locator(shown).first().waitFor()
      expect(new URL(page.url()).searchParams.get('q')).toBe(null)
      expect(new URL(page.url()).searchParams.get('quick')).toBe(null)
      await page.goto(stage.weir.url + flows({ ...query, t: '2001-01-01T00:00Z..2001-01-02T00:00Z' }))
      await page.getByText('No flows in this span').waitFor()
      await page.getByRole('button', { name: 'Look at the last week' }).click()
      await page.locator(shown).first().waitFor()
      await page.context().close()
    },
  )

  test.each(views)(
    'check 43: when the answer of the %s fails, the query has an id and can be asked again',
    async (name, query, shown, path) => {
      await stage.filled()
      const page = await stage.page(flows({ ...query, q: 'dst_prot = 443' }))
      const error = page.getByRole('alert').filter({ hasText: 'Try again' }).first()
      await error.getByText('There is no field dst_prot.').first().waitFor()
      expect(await error.textContent(), name).toMatch(/query [0-9a-f]{8}-[0-9a-z]+/)
      await Promise.all([asked(page, path), error.getByRole('button', { name: 'Try again' }).click()])
      await page.getByRole('button', { name: 'Clear the filter' }).first().click()
      await page.locator(shown).first().waitFor()
      await page.context().close()
    },
  )

  test('check 43: an answer that fails while another is shown leaves that one, with the id of the query and another try', async () => {
    await stage.filled()
    const page = await stage.page(flows({ q: 'dst_port = 443' }))
    await page.locator('.grid-body [role="row"]').first().waitFor()
    const rows = await gridRows(page)
    // A link of another Weir, followed here: the filter comes by the address, unchecked.
    await page.evaluate(
      "history.pushState(null, '', location.href.replace(/q=[^&]*/, 'q=dst_prot+%3D+443')); dispatchEvent(new PopStateEvent('popstate'))",
    )
    const error = page.getByRole('alert').filter({ hasText: 'What is shown is the answer before.' })
    await error.waitFor()
    expect(await error.textContent()).toMatch(/There is no field dst_prot\..*query [0-9a-f]{8}-[0-9a-z]+/)
    expect((await gridRows(page)).slice(0, 10)).toEqual(rows.slice(0, 10))
    await Promise.all([asked(page, '/api/v1/flows'), error.getByRole('button', { name: 'Try again' }).click()])
    await page.context().close()
  })

  test('check 43: a record that is not stored says so, and is looked for again', async () => {
    await stage.filled()
    const page = await stage.page(flows({ sel: 'netflow:1:99999999:0' }))
    const drawer = page.getByRole('complementary', { name: 'Flow' })
    await drawer.getByText('There is no such flow').waitFor()
    await drawer.getByText('netflow:1:99999999:0').waitFor()
    await Promise.all([asked(page, '/api/v1/flows'), drawer.getByRole('button', { name: 'Look again' }).click()])
    await drawer.getByRole('button', { name: 'Close' }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('sel')).toBe(null)
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: groups without a store, and live', () => {
  const stage = useStage({ store: { enabled: 'none' } })

  test('groups of the live memory add up to what was sent, say what they cover, and follow it', async () => {
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
    await page.getByText('there is no store: of the live memory').waitFor()
    sent += await stage.flows(10_000)
    await expect.poll(total, { timeout: 30_000 }).toContain(flowsText(sent))
    const rows = await gridRows(page)
    expect(rows.reduce((sum, row) => sum + Number((row[4] ?? '').replaceAll(',', '')), 0)).toBe(sent)
    await page.getByRole('button', { name: 'Export' }).click()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV, all groups' }).click(),
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
