import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Agents } from '../../sim/agent.ts'
import { deviceOf, Shop } from '../../sim/shop.ts'
import { freePorts } from '../kit/free-port.ts'
import { savedBy } from './kit/saved.ts'
import { chromiumPath, gridRows, useStage, violations } from './kit/stage.ts'
import { until } from './kit/until.ts'

const [port = 0] = await freePorts(1)
const overview = '/flows?v=1&live=0&view=overview&t=now-15m..now'
const conversations = '/flows?v=1&live=0&view=conversations&t=now-15m..now'

describe.skipIf(chromiumPath === undefined)('chromium: flows of agents', () => {
  const stage = useStage({ sources: { netobserv: { listen: `127.0.0.1:${port}` } } })
  const agents = new Agents(1, `127.0.0.1:${port}`)
  let sent = 0

  // A minute of traffic with a rollout that a network policy blocks.
  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const shop = new Shop(1, 'agents')
    const begin = Date.now() - 60_000
    for (let at = 0; at < 60_000; at += 250) {
      const flows = shop.flows(at, 250).filter((flow) => deviceOf(flow) === 'agents')
      expect(await agents.report(flows, begin + at)).toBeUndefined()
      sent += flows.length
    }
    await until(async () => (await stage.stored(sent)) >= sent)
  })
  afterAll(() => agents.close())

  async function shares(page: Page, panel: string): Promise<[string, number][]> {
    const region = page.getByRole('region', { name: panel, exact: true })
    await region.locator('.shares tbody tr').first().waitFor()
    await expect.poll(() => region.getAttribute('aria-busy')).toBe('false')
    return region
      .locator('table.shares tbody tr')
      .evaluateAll((lines) =>
        lines.map((line): [string, number] => [
          line.querySelector('.share-name')?.textContent ?? '',
          Number((line.querySelector('td')?.getAttribute('title') ?? '').replaceAll(',', '')),
        ]),
      )
  }

  async function choose(page: Page, preset: string): Promise<void> {
    await page.getByRole('button', { name: /^Preset/ }).click()
    await page.getByRole('dialog', { name: 'Presets' }).getByRole('button', { name: preset, exact: true }).click()
  }

  test('panels of TLS, network policies, DNS and drops match SQL', async () => {
    const page = await stage.page(overview, { viewport: { width: 1440, height: 2600 } })
    const bySql = async (field: string, sum: string): Promise<[string | null, number][]> =>
      (
        await stage.weir.sql<{ g: string | null; s: number | string }>(
          `SELECT ${field} AS g, ${sum}::BIGINT AS s FROM flows GROUP BY ALL HAVING s > 0 AND g IS NOT NULL
            ORDER BY s DESC, g`,
        )
      ).map(({ g, s }) => [g, Number(s)])
    await choose(page, 'TLS')
    expect(await shares(page, 'TLS versions')).toEqual(await bySql('tls_version', 'count(*)'))
    expect(await shares(page, 'TLS cipher suites')).toEqual(await bySql('tls_cipher_suite', 'count(*)'))
    await choose(page, 'DNS')
    expect(await shares(page, 'DNS responses by code')).toEqual(await bySql('dns_rcode', 'count(*)'))
    await choose(page, 'Network policies')
    const events = await shares(page, 'Network policy events')
    expect(events.map(([name]) => name).toSorted()).toEqual([
      'allow NetworkPolicy shop/database ingress',
      'drop NetworkPolicy shop/database ingress',
    ])
    expect(events.map(([, flows]) => flows)).toEqual(
      (await bySql('network_events::VARCHAR', 'count(*)')).map(([, flows]) => flows),
    )
    const [event, flows] = events[0] ?? ['', 0]
    await page
      .getByRole('region', { name: 'Network policy events', exact: true })
      .getByRole('button', { name: event, exact: true })
      .click()
    await expect.poll(() => shares(page, 'Network policy events')).toEqual([[event, flows]])
    expect(new URL(page.url()).searchParams.get('q')).toMatch(/^network_events = /)
    await page.getByRole('combobox', { name: 'Filter' }).fill('')
    await page.keyboard.press('Enter')
    await choose(page, 'Packet drops')
    const causes = page.getByRole('region', { name: 'Dropped packets by cause' })
    await causes.locator('.legend').first().waitFor()
    expect(await causes.locator('.legend').allTextContents()).toEqual(
      expect.arrayContaining(['policy: NetworkPolicy', 'tcp invalid sequence']),
    )
    await page.context().close()
  })

  test('a preset is part of the URL, keeps filter and time range, and a fresh profile shows the same', async () => {
    const page = await stage.page(`${overview.replace('15m', '30m')}&q=${encodeURIComponent('proto = 6')}`)
    await choose(page, 'Round-trip times')
    await expect.poll(() => new URL(page.url()).searchParams.get('panels')).toBe('rtt,percentiles,rttslow,bytes')
    const address = new URL(page.url())
    expect([address.searchParams.get('q'), address.searchParams.get('t')]).toEqual(['proto = 6', 'now-30m..now'])
    const other = await stage.page(address.pathname + address.search)
    await other.getByRole('button', { name: 'Preset: Round-trip times' }).waitFor()
    const slowest = other.getByRole('region', { name: 'Longest round trips by destination owner' })
    await slowest.locator('tbody tr').first().waitFor()
    for (const each of [page, other]) await each.context().close()
  })

  test('a panel without data names the missing feature of the agent', async () => {
    const page = await stage.page(`${overview}&panels=bytes,dns,tlsversions&q=${encodeURIComponent('dst_port = 8080')}`)
    const folded = page.locator('details.folded')
    await folded.locator('summary').click()
    await folded.getByText('DNSTracking').waitFor()
    expect(await folded.locator('dl > div').count()).toBe(1)
    // Without any panel the reason is open.
    await choose(page, 'DNS')
    await page.locator('details.folded[open]').getByText('DNSTracking').waitFor()
    await page.context().close()
  })

  test('conversations merge both directions, sort by every sum, and open their rows', async () => {
    const page = await stage.page(conversations, { viewport: { width: 1920, height: 900 } })
    const [pairs] = await stage.weir.sql<{ n: number; bytes: number | string }>(
      `SELECT count(*)::INT AS n, max(s)::BIGINT AS bytes FROM (SELECT sum(bytes_est) AS s FROM flows GROUP BY proto,
        least(src_addr || ' ' || src_port, dst_addr || ' ' || dst_port),
        greatest(src_addr || ' ' || src_port, dst_addr || ' ' || dst_port))`,
    )
    await page.getByText(`of ${new Intl.NumberFormat('en-US').format(pairs?.n ?? 0)} conversations`).waitFor()
    const grid = page.getByRole('grid', { name: 'Conversations' })
    await expect.poll(() => gridRows(page).then((rows) => rows.length)).toBeGreaterThan(10)
    const [first = []] = await gridRows(page)
    expect(first[1]).toMatch(/:(?:5432|8080|53)/)
    await grid.getByRole('columnheader', { name: /^Reports/ }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('rank')).toBe('flows')
    await grid.getByRole('columnheader', { name: /^Bytes/ }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('rank')).toBeNull()
    await expect.poll(() => gridRows(page).then((rows) => rows[0])).toEqual(first)
    const file = await savedBy(page, async () => {
      await page.getByRole('button', { name: /^Export/ }).click()
      await page.getByRole('button', { name: 'CSV, all conversations, raw values' }).click()
    })
    const lines = file.content.toString('utf8').trim().split(/\r?\n/)
    const [head = [], ...rows] = lines.map((line) => line.split(','))
    const sums = rows.map((row) =>
      ['out', 'in'].reduce((sum, way) => sum + Number(row[head.indexOf(`bytes_${way}`)]), 0),
    )
    expect(rows).toHaveLength(pairs?.n ?? 0)
    expect(sums[0]).toBe(Number(pairs?.bytes))
    expect(sums).toEqual(sums.toSorted((a, b) => b - a))
    await page.keyboard.press('Escape')
    await page.locator('.grid-body [role="row"]').first().click()
    await page.getByRole('grid', { name: 'Stored flows' }).waitFor()
    const listed = ['out', 'in'].reduce((sum, way) => sum + Number(rows[0]?.[head.indexOf(`flows_${way}`)]), 0)
    await expect.poll(() => gridRows(page).then((rows) => rows.length)).toBe(listed)
    await page.context().close()
  })

  test('the column chooser groups fields, and the drawer shows coded values by name', async () => {
    const filter = encodeURIComponent('drop_cause = NetworkEvent_NetworkPolicy')
    const page = await stage.page(`/flows?v=1&live=0&view=table&t=now-15m..now&q=${filter}&cols=src,dst`)
    await page.getByRole('button', { name: 'Columns' }).click()
    const groups = page.getByRole('dialog', { name: 'Table columns' })
    await groups.getByRole('button', { name: 'Show all columns of Dropped packets' }).click()
    await expect
      .poll(() => new URL(page.url()).searchParams.get('cols'))
      .toBe('src,dst,drop_bytes,drop_packets,drop_flags,drop_state,drop_cause')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await expect
      .poll(() => gridRows(page).then((rows) => rows[0]?.slice(2)))
      .toEqual(['60', '1', 'SYN', 'SYN_SENT', 'policy: NetworkPolicy'])
    await page.locator('.grid-body [role="row"]').first().click()
    const drawer = page.getByRole('complementary', { name: 'Flow' })
    await drawer.getByRole('heading', { name: 'Network events' }).waitFor()
    await drawer.getByText('NetworkPolicy shop/database ingress').waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const)
    test(`the new views break no rule of WCAG 2.2 AA in ${colorScheme}`, async () => {
      const options = { colorScheme, reducedMotion: 'reduce' } as const
      const page = await stage.page(conversations, options)
      await expect.poll(() => gridRows(page).then((rows) => rows.length)).toBeGreaterThan(10)
      expect(await violations(page)).toEqual([])
      await page.getByRole('button', { name: /^Presets/ }).click()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Escape')
      for (const preset of ['Network policies', 'TLS', 'Packet drops', 'DNS']) {
        await choose(page, preset)
        await page.locator('.overview-panel canvas').first().waitFor()
        expect({ preset, found: await violations(page) }).toEqual({ preset, found: [] })
      }
      await page.context().close()
    })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
