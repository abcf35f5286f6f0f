import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Device } from '../../../sim/device.ts'
import type { Flow } from '../../../sim/flow.ts'
import { Netflow5Exporter } from '../../../sim/netflow5.ts'
import { percentile } from '../../kit/percentile.ts'
import { SeededRandom } from '../../kit/random.ts'
import { figure } from '../kit/figures.ts'
import { savedBy } from '../kit/saved.ts'
import { chromiumPath, gridRows, useStage, violations } from '../kit/stage.ts'

const minute = 60_000
// Of a slow query, few edges arrive first.
const graph = 'section[aria-busy="false"] .graph-place'
const number = (text: string | null | undefined): number => Number((text ?? '').replaceAll(/[^\d]/g, ''))

/** Paces the flows for the socket buffer of a small machine. */
async function send(device: Device, flows: readonly Flow[], ended: number): Promise<void> {
  for (let from = 0; from < flows.length; from += 300) {
    device.report(flows.slice(from, from + 300), ended)
    await sleep(20)
  }
}

const flowOf = (src: string, dst: string, bytes: number, dstPort: number): Flow => ({
  src,
  dst,
  srcPort: 40_000,
  dstPort,
  proto: 6,
  packets: 1 + (bytes % 50),
  bytes,
  tcpFlags: 0x1b,
  duration: 10,
})

describe.skipIf(chromiumPath === undefined)('chromium: a topology of 3,000 nodes and 20,000 edges', () => {
  const [hosts, groups, pairs] = [3000, 40, 20_000]
  const folder = mkdtempSync(join(tmpdir(), 'weir-topology-'))
  const networks = join(folder, 'networks.yaml')
  writeFileSync(
    networks,
    [
      'networks:\n',
      ...Array.from({ length: groups }, (_, index) => `  - {cidr: 10.9.${index}.0/24, label: net-${index}}\n`),
    ].join(''),
  )
  const stage = useStage({ identity: { networks } })
  const host = (index: number): string => `10.9.${index % groups}.${1 + Math.floor(index / groups)}`
  const path = '/flows?v=1&live=0&view=topology&scope=addr&more=1&t=now-1h..now'

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const random = new SeededRandom(20)
    const seen = new Set<string>()
    const flows: Flow[] = []
    const add = (from: number, to: number): void => {
      if (from === to || seen.has(`${from} ${to}`)) return
      seen.add(`${from} ${to}`)
      flows.push(flowOf(host(from), host(to), random.integer(1000, 9_000_000), 443))
    }
    for (let index = 0; index < hosts; index++) add(index, (index + 1) % hosts)
    while (flows.length < pairs) add(random.integer(0, hosts - 1), random.integer(0, hosts - 1))
    const device = await Device.open(
      new Netflow5Exporter(Date.now() - 60 * minute),
      `127.0.0.1:${stage.weir.ports.netflow}`,
      '127.0.0.1',
    )
    await send(device, flows, Date.now())
    await stage.stored(pairs)
    device.close()
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('check 20: nodes above the cap are combined with their count, and their sums match SQL', async () => {
    const page = await stage.page(path)
    await page.locator(graph).waitFor()
    const line = (await page.locator('.overview-sum').textContent()) ?? ''
    const [, kept = '', smaller = '', boxes = '', edges = ''] =
      /([\d,]+) nodes · ([\d,]+) smaller ones in ([\d,]+) boxes · [\d,]+ of ([\d,]+) edges, the largest/.exec(line) ??
      []
    expect(number(await page.locator(graph).getAttribute('data-nodes'))).toBe(number(kept) + number(boxes))
    expect(number(kept) + number(boxes)).toBeLessThanOrEqual(1000)
    expect(Number(await page.locator(graph).getAttribute('data-edges'))).toBeLessThanOrEqual(5000)
    expect([number(kept) + number(smaller), number(edges)]).toEqual([hosts, pairs])
    const wanted = await stage.weir.sql<{ label: string; n: number; sent: number | string; received: number | string }>(
      `WITH ends AS (SELECT src_addr AS a, src_label AS l, bytes_est AS sent, 0 AS received FROM flows UNION ALL
        SELECT dst_addr, dst_label, 0, bytes_est FROM flows), ` +
        `nodes AS (SELECT a, l, sum(sent) AS sent, sum(received) AS received,
          row_number() OVER (ORDER BY sum(sent) + sum(received) DESC) AS place FROM ends GROUP BY ALL) ` +
        `SELECT l AS label, count(*)::INT AS n, sum(sent)::BIGINT AS sent, sum(received)::BIGINT AS received
          FROM nodes WHERE place > ${number(kept)} GROUP BY ALL ORDER BY label`,
    )
    expect(wanted).toHaveLength(number(boxes))
    const node = page.getByRole('complementary', { name: 'Node' })
    const fact = (name: string): ReturnType<Page['locator']> => node.locator(`dt:text-is("${name}") + dd`)
    for (const { label, n, sent, received } of [wanted[0], wanted[17], wanted.at(-1)].filter(
      (each) => each !== undefined,
    )) {
      await page.goto(`${stage.weir.url}${path}&node=${encodeURIComponent(`others ${label}`)}`)
      await expect.poll(() => fact('Group').textContent()).toBe(label)
      expect([
        number(await fact('Combines').textContent()),
        number(await fact('Sent').getAttribute('title')),
        number(await fact('Received').getAttribute('title')),
      ]).toEqual([n, Number(sent), Number(received)])
    }
    await page.context().close()
  })

  test('check 20: it still follows the pointer', async () => {
    const page = await stage.page(path)
    await page.locator(graph).waitFor()
    const before = await page.locator(graph).screenshot()
    await page.evaluate(
      'globalThis.frames = []; { let last = performance.now(); const next = (now) => { frames.push(now - ' +
        'last); last = now; requestAnimationFrame(next) }; requestAnimationFrame(next) }',
    )
    const box = await page.locator(graph).boundingBox()
    const [x, y] = [(box?.x ?? 0) + 12, (box?.y ?? 0) + 12]
    await page.mouse.move(x, y)
    await page.mouse.down()
    for (let step = 0; step < 100; step++) await page.mouse.move(x + 3 * step, y + 2 * step)
    const frames = await page.evaluate<number[]>('frames')
    await page.mouse.up()
    figure('check 20: p95 of frames while it is moved', percentile(frames, 95), 'ms')
    await expect.poll(() => page.url()).toContain('eye=')
    expect((await page.locator(graph).screenshot()).equals(before)).toBe(false)
    await page.context().close()
  })
})

describe.skipIf(chromiumPath === undefined)('chromium: two times of a topology', () => {
  const stage = useStage()
  /** More pairs than a list contains, equal at both times. */
  const steady = 4500
  const middle = Math.floor(Date.now() / minute) * minute - 10 * minute
  const iso = (at: number): string => new Date(at).toISOString()
  const port = (dstPort: number): string => `q=${encodeURIComponent(`dst_port = ${dstPort}`)}`
  const span = `t=${iso(middle)}..${iso(middle + 10 * minute)}`
  const path = `/flows?v=1&live=0&view=topology&scope=addr&${span}`

  /** Seeded: source, destination, bytes before and now. */
  const seeded: readonly (readonly [string, string, number, number])[] = [
    ['10.1.0.1', '10.2.0.1', 0, 900_000_000],
    ['10.1.0.2', '10.2.0.2', 0, 800_000_000],
    ['10.1.0.3', '10.2.0.3', 700_000_000, 0],
    ['10.1.0.4', '10.2.0.4', 100_000_000, 400_000_000],
    ['10.1.0.5', '10.2.0.5', 600_000_000, 200_000_000],
    // Too small for one of the lists: neither new nor gone.
    ['10.1.0.6', '10.2.0.6', 1, 500_000_000],
    ['10.1.0.7', '10.2.0.7', 550_000_000, 1],
    ['10.1.0.8', '10.2.0.8', 300_000_000, 310_000_000],
  ]
  const wanted = {
    '10.1.0.1': '+ added',
    '10.1.0.2': '+ added',
    '10.1.0.3': '− removed',
    '10.1.0.4': '▲ more',
    '10.1.0.5': '▼ less',
    '10.1.0.6': '▲ more',
    '10.1.0.7': '▼ less',
    '10.1.0.8': '= unchanged',
  }

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const random = new SeededRandom(22)
    const pairs = Array.from(
      { length: steady },
      (_, index) =>
        [
          `10.3.${index % 50}.${1 + Math.floor(index / 50)}`,
          `10.4.${index % 40}.${1 + (index % 200)}`,
          random.integer(1000, 90_000),
        ] as const,
    )
    const device = await Device.open(
      new Netflow5Exporter(middle - 60 * minute),
      `127.0.0.1:${stage.weir.ports.netflow}`,
      '127.0.0.1',
    )
    let sent = 0
    for (const [time, ended] of [
      [2, middle - 5 * minute],
      [3, middle + 5 * minute],
    ] as const) {
      const flows = [
        ...pairs.map(([src, dst, bytes]) => flowOf(src, dst, bytes, 443)),
        ...seeded.flatMap((pair) => (pair[time] === 0 ? [] : [flowOf(pair[0], pair[1], pair[time], 444)])),
      ]
      await send(device, flows, ended)
      sent += flows.length
    }
    await stage.stored(sent)
    device.close()
  })

  const bySql = async (): Promise<Map<string, readonly [before: number, now: number]>> => {
    const within = (from: number): string =>
      `time_end >= TIMESTAMPTZ '${iso(from)}' AND time_end < TIMESTAMPTZ '${iso(from + 10 * minute)}'`
    const rows = await stage.weir.sql<{
      a: string
      b: string
      before: number | string | null
      now: number | string | null
    }>(
      `SELECT src_addr AS a, dst_addr AS b, sum(bytes_est) FILTER (WHERE ${within(middle - 10 * minute)})::BIGINT AS
        before, sum(bytes_est) FILTER (WHERE ${within(middle)})::BIGINT AS now FROM flows GROUP BY ALL`,
    )
    return new Map(rows.map(({ a, b, before, now }) => [`${a} ${b}`, [Number(before ?? 0), Number(now ?? 0)]]))
  }

  test('check 22: new, removed and changed edges are marked, and none is new because of a list limit', async () => {
    const page = await stage.page(`${path}&diff=span&list=1`)
    await page.getByRole('grid', { name: 'Edges compared' }).waitFor()
    const rows = await gridRows(page)
    expect(Object.fromEntries(rows.slice(0, seeded.length).map(([change = '', from = '']) => [from, change]))).toEqual(
      wanted,
    )
    const truth = await bySql()
    // Cells are rounded, their tooltips are not.
    const cells = await page
      .locator('.grid-body [role="row"]')
      .evaluateAll((lines) =>
        lines.map((line) =>
          [...line.querySelectorAll('[role="gridcell"]')].map(
            (cell) => cell.querySelector('[title]')?.getAttribute('title') ?? cell.textContent ?? '',
          ),
        ),
      )
    expect(cells.length).toBeGreaterThan(10)
    for (const [, from = '', to = '', before, now, delta = ''] of cells.filter(
      (each) => !each.some((cell) => / others? of |not drawn/.test(cell)),
    )) {
      const [was, is] = truth.get(`${from} ${to}`) ?? [Number.NaN, Number.NaN]
      expect([from, number(before), number(now), (delta.startsWith('−') ? -1 : 1) * number(delta)]).toEqual([
        from,
        was,
        is,
        is - was,
      ])
    }
    const sums = [...truth.values()].reduce(([before, now], [was, is]) => [before + was, now + is] as const, [
      0, 0,
    ] as const)
    expect(
      /together: ([\d,]+) bytes before · ([\d,]+) now/
        .exec((await page.locator('.graph-sum').textContent()) ?? '')
        ?.slice(1)
        .map(number),
    ).toEqual([...sums])
    const legend = async (): Promise<string> =>
      (await page.getByRole('list', { name: 'Changes' }).locator('li').allTextContents()).join(', ')
    expect(await legend()).toMatch(/^\+ 2 added, − 1 removed, ▲ 2 more, ▼ 2 less, = [\d,]+ unchanged$/)
    await page.context().close()
  })

  test('check 22: the graph marks them by colour and shape; another time can be entered', async () => {
    const page = await stage.page(`${path}&diff=span&${port(444)}`)
    await page.locator(graph).waitFor()
    await page.getByRole('list', { name: 'Changes' }).waitFor()
    const seen = await page.evaluate<Record<string, number>>(`(() => {
      const probe = document.createElement('i'); document.body.append(probe)
      const colors = ['good', 'bad', 'accent'].map((name) => { probe.style.color = 'var(--' + name + ')';
        return [name, getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number)] })
      probe.remove()
      const canvas = document.querySelector('.graph-place canvas')
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      return Object.fromEntries(colors.map(([name, [r, g, b]]) => {
        let pixels = 0
        for (let at = 0; at < data.length;
          at += 4) if (Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 12) pixels++
        return [name, pixels]
      }))
    })()`)
    for (const [name, pixels] of Object.entries(seen)) expect({ name, seen: pixels > 20 }).toEqual({ name, seen: true })
    expect(await violations(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await violations(page)).toEqual([])
    const png = await savedBy(page, () => page.getByRole('button', { name: 'Save as picture (PNG)' }).click())
    expect(png.content.subarray(1, 4).toString('latin1')).toBe('PNG')
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('another time …')
    await page.getByRole('textbox', { name: 'starting at' }).fill(iso(middle - 60 * minute))
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await expect
      .poll(async () => (await page.getByRole('list', { name: 'Changes' }).locator('li').allTextContents()).join(', '))
      .toBe('+ 7 added, − 0 removed, ▲ 0 more, ▼ 0 less, = 0 unchanged')
    expect(new URL(page.url()).searchParams.get('diff')).toBe(iso(middle - 60 * minute))
    await page.goBack()
    await expect
      .poll(async () => (await page.getByRole('list', { name: 'Changes' }).locator('li').allTextContents()).join(', '))
      .toBe('+ 2 added, − 1 removed, ▲ 2 more, ▼ 2 less, = 1 unchanged')
    await page.context().close()
  })

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
