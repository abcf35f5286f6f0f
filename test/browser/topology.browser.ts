import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rm } from 'node:fs/promises'
import { Device } from '../../sim/device.ts'
import type { Flow } from '../../sim/flow.ts'
import { Netflow5Exporter } from '../../sim/netflow5.ts'
import { SeededRandom } from '../kit/random.ts'
import { figure as measured } from './kit/figures.ts'
import { savedBy } from './kit/saved.ts'
import { chromiumPath, useStage, violations } from './kit/stage.ts'

const [hosts, groups, pairs] = [1200, 30, 5600]
const folder = mkdtempSync(join(tmpdir(), 'weir-topology-'))
const networks = join(folder, 'networks.yaml')
writeFileSync(
  networks,
  [
    'networks:\n',
    ...Array.from({ length: groups }, (_, index) => `  - {cidr: 10.9.${index}.0/24, label: net-${index}}\n`),
  ].join(''),
)

const host = (index: number): string => `10.9.${index % groups}.${1 + Math.floor(index / groups)}`

function traffic(): Flow[] {
  const random = new SeededRandom(11)
  const seen = new Set<string>()
  const flows: Flow[] = []
  const add = (from: number, to: number): void => {
    if (from === to || seen.has(`${from} ${to}`)) return
    seen.add(`${from} ${to}`)
    flows.push({
      src: host(from),
      dst: host(to),
      srcPort: 1024 + from,
      dstPort: 443,
      proto: 6,
      packets: random.integer(1, 50),
      bytes: random.integer(100, 90_000),
      tcpFlags: 0x1b,
      duration: 10,
    })
  }
  for (let index = 0; index < hosts; index++) add(index, (index + groups) % hosts)
  while (flows.length < pairs) add(random.integer(0, hosts - 1), random.integer(0, hosts - 1))
  return flows
}

describe.skipIf(chromiumPath === undefined)('chromium: the topology of flows', () => {
  const stage = useStage({ identity: { networks } })
  const path = '/flows?v=1&live=0&view=topology&scope=addr&t=now-1h..now'
  // Of a slow query, few edges arrive first.
  const graph = 'section[aria-busy="false"] .graph-place'

  beforeAll(async () => {
    if (chromiumPath === undefined) return
    const device = await Device.open(
      new Netflow5Exporter(Date.now() - 3_600_000),
      `127.0.0.1:${stage.weir.ports.netflow}`,
      '127.0.0.1',
    )
    const flows = traffic()
    for (let from = 0; from < flows.length; from += 300) {
      device.report(flows.slice(from, from + 300), Date.now())
      await sleep(20)
    }
    await stage.stored(pairs)
    device.close()
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const figure = new Intl.NumberFormat('en-US')

  test('check 19: 1,000 nodes and 5,000 edges and the counted remainder add up to SQL', async () => {
    const page = await stage.page('/flows')
    let [answered, bytes] = [0, 0]
    page.on('response', (response) => {
      if (response.url().includes('/api/v1/topology'))
        response.body().then(
          (body) => ([answered, bytes] = [performance.now(), body.length]),
          () => {},
        )
    })
    await page.goto(`${stage.weir.url}${path}&more=1`)
    await page.locator(graph).waitFor()
    const drawn = performance.now()
    await expect.poll(() => answered).toBeGreaterThan(0)
    measured('check 19: from the answer to the picture of 1,000 nodes and 5,000 edges', drawn - answered, 'ms', {
      below: 1500,
    })
    measured('check 19: the answer', bytes / 1024, 'KiB')
    expect(Number(await page.locator(graph).getAttribute('data-nodes'))).toBeLessThanOrEqual(1000)
    expect(Number(await page.locator(graph).getAttribute('data-nodes'))).toBeGreaterThan(990)
    expect(Number(await page.locator(graph).getAttribute('data-edges'))).toBe(5000)
    const [all] = (await stage.weir.sql(
      `SELECT count(DISTINCT (src_addr, dst_addr))::INT AS pairs, sum(bytes_est)::BIGINT AS bytes,
        sum(packets_est)::BIGINT AS packets, count(*)::INT AS flows FROM flows`,
    )) as { pairs: number; bytes: number | string; packets: number | string; flows: number }[]
    const line = (await page.locator('.page-line').first().textContent()) ?? ''
    const [, some = '', of = '', left = ''] =
      /([\d,]+) of ([\d,]+) edges, the largest .* not drawn .* of ([\d,]+) edges/.exec(line) ?? []
    const number = (text: string): number => Number(text.replaceAll(',', ''))
    expect([number(of), number(some) + number(left)]).toEqual([all?.pairs, all?.pairs])
    await page.locator(graph).focus()
    await page.keyboard.press('l')
    const grid = page.getByRole('grid', { name: 'Edges' })
    await expect.poll(() => grid.getAttribute('aria-rowcount')).toBe('5002')
    expect(await page.locator('.graph-sum').textContent()).toBe(
      `All lines together: ${figure.format(Number(all?.bytes))} bytes · ` +
        `${figure.format(Number(all?.packets))} packets · ${figure.format(all?.flows ?? 0)} flows`,
    )
    await page.context().close()
  })

  test('check 19: 1,000 nodes and 5,000 edges follow the pointer as fast as an empty page', async () => {
    const page = await stage.page(`${path}&more=1`)
    await page.locator(graph).waitFor()
    await sleep(500)
    const measure = (of: Page): Promise<number[]> =>
      of.evaluate(
        () =>
          new Promise<number[]>((resolve) => {
            const { requestAnimationFrame } = globalThis as unknown as {
              requestAnimationFrame: (next: (now: number) => void) => number
            }
            const frames: number[] = []
            let last = performance.now()
            const next = (now: number): void => {
              frames.push(now - last)
              last = now
              if (frames.length < 90) requestAnimationFrame(next)
              else resolve(frames)
            }
            requestAnimationFrame(next)
          }),
      )
    const p95 = (frames: readonly number[]): number =>
      frames.toSorted((a, b) => a - b)[Math.floor(frames.length * 0.95)] ?? 0
    const empty = await stage.page('/nowhere')
    const still = p95(await measure(empty))
    await empty.context().close()
    const before = await page.locator(graph).screenshot()
    const box = await page.locator(graph).boundingBox()
    const [x, y] = [(box?.x ?? 0) + 12, (box?.y ?? 0) + 12]
    await page.mouse.move(x, y)
    await page.mouse.down()
    const moving = measure(page)
    for (let step = 0; step < 100; step++) await page.mouse.move(x + 3 * step, y + 2 * step)
    const moved = p95(await moving)
    // On a machine where an empty page is slower, this one is, too.
    measured('check 19: p95 of frames while it is moved', moved, 'ms', { below: Math.max(33, 1.5 * still) })
    measured('check 19: p95 of frames of an empty page', still, 'ms')
    expect(moved).toBeGreaterThan(0)
    await page.mouse.up()
    await sleep(400)
    expect((await page.locator(graph).screenshot()).equals(before)).toBe(false)
    await page.context().close()
  })

  test('check 21: by keyboard: largest node, neighbour, pin, move, expand; Back restores everything', async () => {
    const page = await stage.page(path)
    await page.locator(graph).waitFor()
    expect(Number(await page.locator(graph).getAttribute('data-nodes'))).toBeLessThanOrEqual(300)
    await page.locator(graph).focus()
    await page.keyboard.press('Home')
    const [largest] = (await stage.weir.sql(
      `SELECT a FROM (SELECT src_addr AS a, bytes_est AS b FROM flows UNION ALL SELECT dst_addr, bytes_est
        FROM flows) GROUP BY a ORDER BY sum(b) DESC LIMIT 1`,
    )) as { a: string }[]
    const node = page.getByRole('complementary', { name: 'Node' })
    await expect.poll(() => node.getByRole('heading', { level: 2 }).textContent()).toBe(largest?.a)
    // A combined node cannot be expanded.
    let neighbour = largest?.a ?? ''
    for (const key of [
      'ArrowRight',
      'ArrowDown',
      'ArrowLeft',
      'ArrowUp',
      'ArrowRight',
      'ArrowDown',
      'ArrowLeft',
      'ArrowUp',
    ]) {
      const before = neighbour
      await page.keyboard.press(key)
      await expect.poll(() => node.getByRole('heading', { level: 2 }).textContent()).not.toBe(before)
      neighbour = (await node.getByRole('heading', { level: 2 }).textContent()) ?? ''
      if (!neighbour.endsWith('others')) break
    }
    await page.keyboard.press('p')
    await expect.poll(() => page.url()).toContain('pins=')
    const at = ((await page.locator(graph).getAttribute('data-at')) ?? '').split(' ').map(Number)
    await page.keyboard.press('Shift+ArrowRight')
    await expect
      .poll(async () => ((await page.locator(graph).getAttribute('data-at')) ?? '').split(' ').map(Number)[0])
      .toBe(Math.round((at[0] ?? 0) + 20))
    const [url, moved] = [page.url(), await page.locator(graph).getAttribute('data-at')]
    await page.keyboard.press('Enter')
    const stepped = `either(addr = "${neighbour}")`
    await expect.poll(() => page.getByRole('combobox', { name: 'Filter' }).inputValue()).toBe(stepped)
    const [own] = (await stage.weir.sql(
      `SELECT count(DISTINCT (src_addr, dst_addr))::INT AS pairs FROM flows WHERE src_addr = '${neighbour}'
        OR dst_addr = '${neighbour}'`,
    )) as { pairs: number }[]
    await expect
      .poll(() => page.locator('.page-line').first().textContent())
      .toContain(`${own?.pairs} of ${own?.pairs} edge`)
    await page.getByRole('button', { name: 'Back' }).click()
    await expect.poll(() => page.url()).toBe(url)
    await page.locator(graph).waitFor()
    await expect.poll(() => node.getByRole('heading', { level: 2 }).textContent()).toBe(neighbour)
    await expect.poll(() => page.locator(graph).getAttribute('data-at')).toBe(moved)
    await page.context().close()
  })

  test('check 21: after a refresh nodes keep their positions, and pinned nodes stay', async () => {
    const page = await stage.page(path)
    await page.locator(graph).waitFor()
    await page.locator(graph).focus()
    await page.keyboard.press('Home')
    await expect.poll(() => page.locator(graph).getAttribute('data-at')).not.toBe(null)
    const first = await page.locator(graph).getAttribute('data-at')
    await page.keyboard.press('Shift+ArrowDown')
    await expect.poll(() => page.locator(graph).getAttribute('data-at')).not.toBe(first)
    const at = await page.locator(graph).getAttribute('data-at')
    const pinned = page.url()
    const name = await page.locator('.drawer h2').textContent()
    const before = await page.locator('.overview-sum').textContent()
    const had = await stage.stored(1)
    await stage.stored(had + (await stage.flows(500)))
    await page.getByRole('button', { name: 'Refresh' }).click()
    await expect.poll(() => page.locator('.overview-sum').textContent()).not.toBe(before)
    expect(await page.locator('.drawer h2').textContent()).toBe(name)
    expect([await page.locator(graph).getAttribute('data-at'), page.url()]).toEqual([at, pinned])
    await page.locator(graph).focus()
    await page.keyboard.press('p')
    await expect.poll(() => page.locator(graph).getAttribute('data-at')).toBe(first)
    await page.context().close()
  })

  test('while all edges are read, the largest are drawn', async () => {
    const page = await stage.page('/flows')
    const whole = Promise.withResolvers<void>()
    await page.route('**/api/v1/topology?*', async (route) => {
      if (new URL(route.request().url()).searchParams.get('limit') === '4000') await whole.promise
      await route.continue()
    })
    await page.goto(stage.weir.url + path)
    const part = page.locator('section[aria-busy="true"] .graph-place')
    await expect.poll(async () => Number(await part.getAttribute('data-edges'))).toBeGreaterThan(0)
    const first = Number(await part.getAttribute('data-edges'))
    expect(first).toBeLessThanOrEqual(200)
    whole.resolve()
    await expect.poll(async () => Number(await page.locator(graph).getAttribute('data-edges'))).toBeGreaterThan(first)
    await page.context().close()
  })

  test('viewport and search are part of the URL; a fresh profile shows the same', async () => {
    const page = await stage.page(path)
    await page.locator(graph).waitFor()
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await expect.poll(() => page.url()).toContain('eye=')
    const find = page.getByRole('searchbox', { name: 'Find nodes' })
    await find.fill('10.9.7.')
    const [counted] = (await stage.weir.sql(
      `SELECT count(DISTINCT a)::INT AS n FROM (SELECT src_addr AS a FROM flows UNION ALL SELECT dst_addr FROM flows)
        WHERE a LIKE '10.9.7.%'`,
    )) as { n: number }[]
    const found = Number((await page.locator('.find [role="status"]').textContent())?.trim())
    expect(found).toBeGreaterThan(0)
    expect(found).toBeLessThanOrEqual(counted?.n ?? 0)
    const node = page.getByRole('complementary', { name: 'Node' })
    const heading = (): Promise<string | null> => node.getByRole('heading', { level: 2 }).textContent()
    await find.press('Enter')
    await expect.poll(heading).toMatch(/^10\.9\.7\./)
    const first = await heading()
    await find.press('Enter')
    await expect.poll(heading).not.toBe(first)
    await find.press('Shift+Enter')
    await expect.poll(heading).toBe(first)
    expect(await page.locator('.find [role="status"]').textContent()).toBe(`1 of ${found}`)
    const url = new URL(page.url())
    expect([url.searchParams.get('find'), url.searchParams.get('eye')]).toEqual([
      '10.9.7.',
      expect.stringMatching(/^-?\d+:-?\d+:\d+$/),
    ])
    const other = await stage.page(url.pathname + url.search)
    await expect.poll(() => other.locator('.find [role="status"]').textContent()).toBe(`1 of ${found}`)
    await expect.poll(() => other.url()).toBe(url.href)
    const png = await savedBy(other, () => other.getByRole('button', { name: 'Save as picture (PNG)' }).click())
    expect([
      png.name.endsWith('.png'),
      png.content.subarray(1, 4).toString('latin1'),
      png.content.length > 20_000,
    ]).toEqual([true, 'PNG', true])
    await page.context().close()
    await other.context().close()
  })

  test('no label overlaps a node; find shows neighbours; the threshold hides weak edges', async () => {
    const page = await stage.page('/nowhere')
    // Records nodes and texts of each painting of the bitmap, in its pixels.
    await page.addInitScript(`{
      const shown = globalThis.shown = { nodes: [], texts: [] }
      const proto = CanvasRenderingContext2D.prototype
      const { clearRect, arc, rect, beginPath, fill, fillText } = proto
      let path = []
      proto.clearRect = function (...all) { shown.nodes = []; shown.texts = []; return clearRect.apply(this, all) }
      proto.beginPath = function () { path = []; return beginPath.apply(this) }
      proto.arc = function (x, y, r, ...all) { path.push([x, y, r]); return arc.call(this, x, y, r, ...all) }
      proto.rect = function (x, y, w, h) {
        path.push([x + w / 2, y + h / 2, w / 2]); return rect.call(this, x, y, w, h) }
      proto.fill = function (...all) {
        // Groups are larger than any node.
        if (path.length === 1 && path[0][2] <= 24) shown.nodes.push(path[0]); return fill.apply(this, all) }
      proto.fillText = function (text, x, y) {
        const half = this.measureText(text).width / 2
        shown.texts.push([text, x - half, y - 10, x + half, y + 3]); return fillText.call(this, text, x, y) }
    }`)
    const overlaps = (): Promise<{ texts: number; nodes: number; hits: string[] }> =>
      page.evaluate(`({ texts: shown.texts.length, nodes: shown.nodes.length, hits: shown.texts.filter(
        ([, left, top, right, bottom]) => shown.nodes.some(([x, y, r]) =>
          Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom)) < r))
        .map(([text]) => text) })`)
    for (const address of [path, `${path}&more=1`, `${path}&folds=net-1,net-2&least=60`]) {
      await page.goto(stage.weir.url + address)
      await page.locator(graph).waitFor()
      await expect.poll(async () => (await overlaps()).texts).toBeGreaterThan(0)
      const seen = await overlaps()
      expect(seen.nodes).toBeGreaterThan(10)
      expect(seen.hits, address).toEqual([])
    }
    await page.goto(stage.weir.url + path)
    const find = page.getByRole('searchbox', { name: 'Find nodes' })
    await find.fill('10.9.7.1')
    await find.press('Enter')
    await expect.poll(() => page.url()).toContain('eye=')
    expect(await page.locator('.drawer h2').textContent()).toMatch(/^10\.9\.7\.1/)
    const edges = async (): Promise<number> => Number(await page.locator(graph).getAttribute('data-edges'))
    const all = await edges()
    const slider = page.getByRole('slider', { name: 'Smallest drawn edge' })
    await slider.fill('90')
    await expect.poll(edges).toBeLessThan(all)
    const text = (await page.locator('.threshold output').textContent()) ?? ''
    expect(text).toMatch(/^edges ≥ \d/)
    await slider.fill('0')
    await expect.poll(edges).toBe(all)
    const nodes = async (): Promise<number> => Number(await page.locator(graph).getAttribute('data-nodes'))
    // Hosts outside of the networks have no group.
    const unfolded = await nodes()
    await page.getByRole('button', { name: 'Fold groups' }).click()
    await expect.poll(nodes).toBeLessThan(unfolded / 2)
    await page.getByRole('button', { name: 'Fold groups' }).click()
    await expect.poll(nodes).toBe(unfolded)
    await page.context().close()
  })

  test('live edges use the stream without further queries', async () => {
    const page = await stage.page(
      '/flows?v=1&view=topology&scope=addr&list=1&q=' + encodeURIComponent('dst_port = 5432'),
    )
    await page.locator('.link.good').waitFor()
    let requests = 0
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url())
      // Drops and DNS errors of the last minute have a request each, once.
      if (pathname === '/api/v1/topology' && searchParams.get('filter') === 'dst_port = 5432') requests++
    })
    await stage.flows(3000)
    await expect.poll(() => page.locator('.overview-sum').textContent()).toContain('live, the last 60 s')
    await expect
      .poll(() =>
        page
          .getByRole('grid', { name: 'Edges' })
          .getAttribute('aria-rowcount')
          .catch(() => '0')
          .then(Number),
      )
      .toBeGreaterThan(1)
    expect(requests).toBeLessThanOrEqual(1)
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`nothing breaks a rule of WCAG 2.2 AA in ${colorScheme}, as a picture and as a list`, async () => {
      const page = await stage.page(path, { colorScheme, reducedMotion: 'reduce' })
      await page.locator(graph).waitFor()
      await page.locator(graph).focus()
      await page.keyboard.press('Home')
      await page.getByRole('complementary', { name: 'Node' }).waitFor()
      expect(await violations(page)).toEqual([])
      await page.locator(graph).focus()
      await page.keyboard.press('l')
      await page.getByRole('grid', { name: 'Edges' }).waitFor()
      expect(await violations(page)).toEqual([])
      await page.context().close()
    })
  }

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
