import { describe, expect, test } from 'vitest'
import { portText } from '../../../console/src/parts/port-names.ts'
import { chromiumPath, useStage } from '../kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('questions about flows take few actions', () => {
  const stage = useStage()
  const digits = (text: string | null): number => Number((text ?? '').replaceAll(/\D/g, ''))

  test('top talkers of the last hour with their service port are one action from Home, and equal SQL', async () => {
    await stage.filled()
    const page = await stage.page('/home')
    await page.getByRole('link', { name: 'All, with service ports' }).click()
    const grid = page.getByRole('grid', { name: 'Groups of flows' })
    await grid.getByRole('columnheader', { name: /service port/i }).waitFor()
    const [largest] = await stage.weir.sql<Record<string, unknown>>(
      `SELECT src_name, src_addr, dst_name, dst_addr, service_port, sum(bytes_est)::BIGINT AS bytes FROM flows
        WHERE time_received >= now() - INTERVAL 1 HOUR GROUP BY ALL ORDER BY bytes DESC LIMIT 1`,
    )
    const cells = await grid.getByRole('row').nth(1).locator(':scope > *').allTextContents()
    expect([cells[1], cells[3]]).toEqual([largest?.['src_addr'], largest?.['dst_addr']])
    expect(cells[4]).toBe(portText(Number(largest?.['service_port'])))
    expect(digits(cells[5] ?? '')).toBe(Number(largest?.['bytes']))
    await page.context().close()
  })

  test('one flow is found by address and port, and its address is a link to it', async () => {
    await stage.filled()
    const [flow] = await stage.weir.sql<Record<string, unknown>>(
      'SELECT src_addr, src_port FROM flows ORDER BY time_received DESC LIMIT 1',
    )
    const written = `${String(flow?.['src_addr'])}:${String(flow?.['src_port'])}`
    const page = await stage.page('/flows?v=1&t=now-1h..now')
    const filter = page.getByRole('combobox', { name: 'Filter' })
    await filter.fill(written)
    await filter.press('Enter')
    const row = page.getByRole('grid').getByRole('row').nth(1)
    await expect.poll(() => page.url()).toContain('q=')
    await row.waitFor()
    await row.click()
    await expect.poll(() => page.url()).toContain('sel=')
    const other = await stage.page(page.url().slice(new URL(page.url()).origin.length))
    await other.locator('.drawer').waitFor()
    await expect.poll(() => other.locator('.drawer').textContent()).toContain(String(flow?.['src_addr']))
    await other.context().close()
    await page.context().close()
  })
})
