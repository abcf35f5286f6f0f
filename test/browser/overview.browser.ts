import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { portText } from '../../console/src/parts/port-names.ts'
import { figuresOf, savedBy } from './kit/saved.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

/** Ends after the flows. */
const stored = '/flows?v=1&live=0&view=overview&t=now-1h..now'

interface ShownShare {
  readonly name: string
  readonly amount: number
}

function shares(page: Page, panel: string | RegExp): Promise<ShownShare[]> {
  return page
    .getByRole('region', { name: panel })
    .locator('table.shares tr')
    .evaluateAll((lines) =>
      lines.map((line) => ({
        name: line.querySelector('.share-name, tfoot th')?.textContent ?? 'Total',
        amount: Number((line.querySelector('td')?.getAttribute('title') ?? '').replaceAll(',', '')),
      })),
    )
}

const endpoint = (end: 'src' | 'dst'): string => `coalesce(${end}_name, ${end}_owner_name, ${end}_label, ${end}_addr)`

describe.skipIf(chromiumPath === undefined)('chromium: the overview of flows', () => {
  const stage = useStage()

  async function bySql(expression: string, name: (value: unknown) => string, sum = 'bytes_est'): Promise<ShownShare[]> {
    const rows = (await stage.weir.sql(
      `SELECT ${expression} AS g, sum(${sum})::BIGINT AS s FROM flows GROUP BY ALL ORDER BY s DESC, g`,
    )) as { g: unknown; s: number | string }[]
    const all = rows.map(({ g, s }) => ({ name: name(g), amount: Number(s) }))
    const total = all.reduce((whole, { amount }) => whole + amount, 0)
    const rest = all.slice(5)
    return [
      ...all.slice(0, 5),
      ...(rest.length === 0
        ? []
        : [{ name: `${rest.length} others`, amount: rest.reduce((whole, { amount }) => whole + amount, 0) }]),
      { name: 'Total', amount: total },
    ]
  }
  const named = (value: unknown): string => String(value)
  const service = (port: unknown): string => (port === null ? 'no service port' : portText(Number(port)))

  test('the values of every panel match SQL, and the largest with the others add up to the total', async () => {
    await stage.filled()
    const page = await stage.page(stored)
    const expected: [string | RegExp, ShownShare[]][] = [
      [/^Largest by/, await bySql(endpoint('src'), named)],
      ['Service ports', await bySql('service_port', service)],
      ['Protocols', await bySql('proto', (proto) => ({ 6: 'TCP', 17: 'UDP' })[proto as number] ?? String(proto))],
      ['Exporters', await bySql('exporter_addr', named)],
      ['Source to destination', await bySql(`${endpoint('src')} || ' → ' || ${endpoint('dst')}`, named)],
    ]
    for (const [panel, figures] of expected) {
      await page.getByRole('region', { name: panel }).locator('.shares tbody tr').first().waitFor()
      await expect
        .poll(() =>
          shares(page, panel).then((lines) => lines.map(({ name, amount }) => [name.replaceAll(',', ''), amount])),
        )
        .toEqual(figures.map(({ name, amount }) => [name, amount]))
      expect(figures.slice(0, -1).reduce((sum, { amount }) => sum + amount, 0)).toBe(figures.at(-1)?.amount)
    }
    const [all] = (await stage.weir.sql(
      'SELECT count(*)::INT AS flows, sum(packets_est)::BIGINT AS packets FROM flows',
    )) as { flows: number; packets: number | string }[]
    const figure = new Intl.NumberFormat('en-US')
    expect(await page.locator('.overview-sum').textContent()).toContain(`${figure.format(all?.flows ?? 0)} flows`)
    expect(await page.locator('.overview-sum').textContent()).toContain(
      `${figure.format(Number(all?.packets))} packets`,
    )
    await page.context().close()
  })

  test('flows that arrive between the queries of two panels do not make their totals differ', async () => {
    const before = await stage.filled()
    const page = await stage.page(undefined)
    // Sent in full before the page reads again: the later panels would count them.
    await page.route('**/api/v1/flows?**group=service_port**', async (route) => {
      await stage.flows(5000)
      await stage.stored(before + 100)
      await route.continue()
    })
    await page.goto(`${stage.weir.url}${stored}&panels=protocols,ports`)
    const totals = async (): Promise<readonly unknown[]> =>
      Promise.all(['Protocols', 'Service ports'].map(async (panel) => (await shares(page, panel)).at(-1)?.amount))
    await page.getByRole('region', { name: 'Service ports' }).locator('.shares tbody tr').first().waitFor()
    const [all] = (await stage.weir.sql('SELECT sum(bytes_est)::BIGINT AS bytes FROM flows')) as { bytes: number }[]
    const [protocols, ports] = await totals()
    expect(ports).toBe(protocols)
    expect(Number(all?.bytes)).toBeGreaterThan(Number(protocols))
    await page.context().close()
  })

  test('the chart shows the largest groups as in SQL, by arrow keys and as a table', async () => {
    await stage.filled()
    const page = await stage.page(`${stored}&before=1h&panels=packets,pairs`)
    const panel = page.getByRole('region', { name: 'Packets per second by source endpoint' })
    await panel.locator('canvas').waitFor()
    const rows = (await stage.weir.sql(
      `SELECT ${endpoint('src')} AS g FROM flows GROUP BY ALL ORDER BY sum(packets_est) DESC LIMIT 5`,
    )) as { g: string }[]
    const legend = (): Promise<string[]> => panel.locator('.legend').allTextContents()
    // Before the first flow nothing is known.
    expect(await legend()).toEqual([...rows.map(({ g }) => g), 'others', 'total', 'total, an hour earlier', 'no data'])
    const slider = panel.getByRole('slider')
    await slider.focus()
    await page.keyboard.press('End')
    await expect.poll(() => slider.getAttribute('aria-valuetext')).toMatch(/total ([\d.,]+\/s|–)/)
    await page.keyboard.press('ArrowLeft')
    const last = Number(await slider.getAttribute('aria-valuemax'))
    await expect.poll(() => slider.getAttribute('aria-valuenow')).toBe(String(last - 1))
    await panel.getByRole('button', { name: 'Table' }).click()
    expect(await panel.locator('.chart-table tbody tr').count()).toBe(last + 1)
    await page.context().close()
  })

  test('the earlier range behind a chart is the same query, shifted', async () => {
    await stage.filled()
    const iso = (minutes: number): string =>
      new Date(Date.now() + minutes * 60_000).toISOString().replace(/:\d\d\.\d+Z$/, ':00Z')
    // A range without flows after an hour with flows.
    const page = await stage.page(`/flows?v=1&live=0&view=overview&t=${iso(30)}..${iso(70)}&before=1h&panels=packets`)
    const panel = page.getByRole('region', { name: 'Packets per second by source endpoint' })
    await panel.getByRole('button', { name: 'Table' }).click()
    await expect
      .poll(() =>
        panel
          .locator('.chart-table th')
          .allTextContents()
          .then((names) => names.slice(0, 3)),
      )
      .toEqual(['From', 'total', 'total, an hour earlier'])
    const cells = await panel.locator('.chart-table tbody td:last-child').allTextContents()
    const times = await panel.locator('.chart-table tbody tr').count()
    const step = (40 * 60) / times
    const [all] = (await stage.weir.sql('SELECT sum(packets_est)::BIGINT AS packets FROM flows')) as {
      packets: number | string
    }[]
    const rates = cells.map((cell) => (cell === '–' ? 0 : Number(cell.replace('/s', '').replaceAll(',', ''))))
    const sum = rates.reduce((whole, rate) => whole + rate * step, 0)
    expect(Math.abs(sum / Number(all?.packets) - 1)).toBeLessThan(0.01)
    await page.context().close()
  })

  test('panel settings are part of the URL, and a fresh profile shows the same', async () => {
    await stage.filled()
    const page = await stage.page(stored)
    const ports = page.getByRole('region', { name: 'Service ports' })
    await ports.getByRole('button', { name: /Settings of/ }).click()
    await ports.getByRole('button', { name: '10', exact: true }).click()
    await ports.getByRole('checkbox', { name: 'Show the others' }).uncheck()
    await page.keyboard.press('Escape')
    await page.getByRole('combobox', { name: 'Group by', exact: true }).selectOption('dst_addr')
    await expect.poll(() => page.url()).toContain('dim=dst_addr')
    expect(page.url()).toContain('looks=ports.10-others')
    await page
      .getByRole('region', { name: 'Largest by destination address' })
      .locator('.shares tbody tr')
      .first()
      .waitFor()
    const url = new URL(page.url())
    const other = await stage.page(url.pathname + url.search)
    await other.getByRole('region', { name: 'Service ports' }).locator('.shares tbody tr').first().waitFor()
    await expect.poll(() => shares(other, 'Service ports').then((lines) => lines.length)).toBe(11)
    await other
      .getByRole('region', { name: /^Largest by destination address/ })
      .locator('.shares tbody tr')
      .first()
      .waitFor()
    await expect
      .poll(() => shares(other, /^Largest by destination address/))
      .toEqual(await shares(page, /^Largest by destination address/))
    await other.getByRole('region', { name: 'Service ports' }).getByRole('button', { name: '5432' }).click()
    await expect.poll(() => other.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe('service_port = 5432')
    await page.context().close()
    await other.context().close()
  })

  test('live rates use the stream and include arriving flows', async () => {
    await stage.filled()
    const page = await stage.page('/flows?v=1&view=overview&t=now-1m..now')
    const panel = page.getByRole('region', { name: 'Bytes per second by source endpoint' })
    await page.locator('.link.good').waitFor()
    await stage.flows(2000)
    await panel.locator('canvas').waitFor()
    // Each redraw had frames without a chart.
    await page.evaluate(`globalThis.charts = new Set()
      const look = () => requestAnimationFrame(look, charts.add(document.querySelectorAll('.chart canvas').length))
      look()`)
    for (let sent = 0; sent < 3; sent++) {
      await stage.flows(200)
      await page.waitForTimeout(1200)
    }
    expect(await page.evaluate('[...charts]')).toEqual([1])
    await panel.getByRole('button', { name: 'Table' }).click()
    await expect
      .poll(() =>
        panel
          .locator('.chart-table tbody tr td:last-child')
          .allTextContents()
          .then((cells) => cells.some((cell) => cell !== '0 B/s')),
      )
      .toBe(true)
    await page.context().close()
  })

  test('a range selected by pointer or keys becomes the time range; Back restores it', async () => {
    await stage.filled()
    const page = await stage.page(`${stored}&panels=packets,pairs`)
    const panel = page.getByRole('region', { name: 'Packets per second by source endpoint' })
    const slider = panel.getByRole('slider')
    await panel.locator('canvas').waitFor()
    const before = page.url()
    const span = (): string | null => new URL(page.url()).searchParams.get('t')
    await slider.focus()
    await page.keyboard.press('End')
    for (let step = 0; step < 4; step++) await page.keyboard.press('Shift+ArrowLeft')
    await expect.poll(() => slider.getAttribute('aria-valuetext')).toContain('times selected')
    await page.keyboard.press('Escape')
    await expect.poll(() => slider.getAttribute('aria-valuetext')).not.toContain('selected')
    await page.keyboard.press('Home')
    for (let step = 0; step < 3; step++) await page.keyboard.press('Shift+ArrowRight')
    await expect.poll(() => slider.getAttribute('aria-valuetext')).toContain('times selected')
    await page.keyboard.press('Enter')
    await expect
      .poll(() => {
        const [from = '', to = ''] = span()?.split('..') ?? []
        return Date.parse(to) - Date.parse(from)
      })
      .toBe(45_000)
    await page.goBack()
    await expect.poll(() => page.url()).toBe(before)
    await panel.locator('canvas').waitFor()
    const box = await panel.locator('.u-over').boundingBox()
    const [x, y] = [(box?.x ?? 0) + 100, (box?.y ?? 0) + 40]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 120, y, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => span()).toMatch(/^20.*Z\.\.20.*Z$/)
    await page.goBack()
    await expect.poll(() => page.url()).toBe(before)
    await page.context().close()
  })

  test('one panel is enlarged with the others beside it; panels and their order are part of the URL', async () => {
    await stage.filled()
    const page = await stage.page(stored)
    await page.getByRole('region', { name: 'Protocols' }).locator('.shares tbody tr').first().waitFor()
    await page.getByRole('button', { name: /^Panels/ }).click()
    const picker = page.getByRole('dialog', { name: 'Panels' })
    await picker.getByRole('button', { name: 'Move Protocols up' }).click()
    await picker.getByRole('checkbox', { name: 'Flows per second', exact: true }).check()
    await page.keyboard.press('Escape')
    const panels =
      'bytes,talkers,protocols,ports,exporters,pairs,droppackets,dropstates,dropcauses,droppers,rcodes,dns,rtt,tlsversions,netevents,' +
      'srcas,dstas,srccountry,dstcountry,map,inif,outif,flows'
    await expect.poll(() => new URL(page.url()).searchParams.get('panels')).toBe(panels)
    await page.getByRole('button', { name: 'Service ports, enlarged' }).click()
    await page
      .locator('.focus-main')
      .getByRole('region', { name: 'Service ports' })
      .locator('.shares tbody tr')
      .first()
      .waitFor()
    // Further panels appear when their probes are answered.
    await expect.poll(() => page.locator('.focus-strip .strip-panel').count()).toBe(8)
    const url = new URL(page.url())
    const other = await stage.page(url.pathname + url.search)
    await other
      .locator('.focus-main')
      .getByRole('region', { name: 'Service ports' })
      .locator('.shares tbody tr')
      .first()
      .waitFor()
    expect(await violations(other)).toEqual([])
    await other.getByRole('button', { name: 'Protocols, enlarged' }).click()
    await other.locator('.focus-main').getByRole('region', { name: 'Protocols' }).waitFor()
    await other.getByRole('button', { name: 'All panels' }).click()
    await expect
      .poll(() =>
        other
          .locator('.overview .overview-panel')
          .evaluateAll((all) => all.map((panel) => panel.getAttribute('aria-label') ?? '')),
      )
      .toEqual([
        'Bytes per second by source endpoint',
        'Largest by source endpoint',
        'Protocols',
        'Service ports',
        'Exporters',
        'Source to destination',
        'Flows per second by source endpoint',
      ])
    await page.context().close()
    await other.context().close()
  })

  test('panels without data are one line with the reason', async () => {
    await stage.filled()
    const page = await stage.page(stored)
    const folded = page.locator('details.folded')
    await expect
      .poll(() => folded.locator('summary').textContent())
      .toBe(
        '14 panels have no data: no flow in this time range has dropped packets, DNS responses, round-trip times, ' +
          'TLS versions, network events, autonomous systems, countries',
      )
    await folded.locator('summary').click()
    await folded.getByText('Dropped packets by cause').waitFor()
    expect(await violations(page)).toEqual([])
    await page.context().close()
  })

  test('a panel is saved as picture and CSV, and can show the newest part of the time range', async () => {
    await stage.filled()
    const page = await stage.page(stored)
    for (const name of ['Bytes per second by source endpoint', 'Source to destination', 'Protocols']) {
      const panel = page.getByRole('region', { name })
      await panel.locator('canvas, .shares tbody tr').first().waitFor()
      await panel.getByRole('button', { name: /^Settings of/ }).click()
      const { name: file, content } = await savedBy(page, () =>
        panel.getByRole('button', { name: 'Save as picture (PNG)' }).click(),
      )
      const size = await panel.boundingBox()
      expect({ name, file, kind: content.subarray(1, 4).toString('latin1'), width: content.readUInt32BE(16) }).toEqual({
        name,
        file: expect.stringMatching(/^[a-z-]+-now-1h-now\.png$/) as unknown,
        kind: 'PNG',
        width: Math.ceil((size?.width ?? 0) * 2),
      })
      expect(content.length).toBeGreaterThan(5000)
    }
    const protocols = page.getByRole('region', { name: 'Protocols' })
    const lines = await figuresOf(page, protocols)
    expect(lines[0]).toEqual(['proto', 'others', 'bytes'])
    const sql = (await stage.weir.sql(
      'SELECT proto, sum(bytes_est)::BIGINT AS s FROM flows GROUP BY ALL ORDER BY s DESC',
    )) as { proto: number; s: number | string }[]
    expect(lines.slice(1)).toEqual(sql.map(({ proto, s }) => [String(proto), 'false', String(s)]))
    await protocols.getByRole('button', { name: /^Settings of/ }).click()
    await protocols.getByRole('checkbox', { name: 'Only the newest part of the time range' }).check()
    await protocols.getByText('The newest 2 min of the time range.').waitFor()
    await expect.poll(() => new URL(page.url()).searchParams.get('looks')).toBe('protocols.5-latest')
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`nothing breaks a rule of WCAG 2.2 AA in ${colorScheme}, with a menu open`, async () => {
      await stage.filled()
      const page = await stage.page(`${stored}&before=span`, { colorScheme, reducedMotion: 'reduce' })
      await page.getByRole('region', { name: 'Exporters' }).locator('.shares').waitFor()
      expect(await violations(page)).toEqual([])
      await page
        .getByRole('region', { name: 'Protocols' })
        .getByRole('button', { name: /Settings of/ })
        .click()
      expect(await violations(page)).toEqual([])
      await page.context().close()
    })
  }

  test('an empty time range is reported with an action', async () => {
    const page = await stage.page(`${stored}&q=${encodeURIComponent('bytes > 10GiB')}`)
    await page.getByText('No flow matches').waitFor()
    await page.getByText('Clear the filter', { exact: true }).click()
    await page.getByRole('region', { name: 'Exporters' }).locator('.shares').waitFor()
    expect(page.url()).not.toContain('q=')
    await page.context().close()
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
