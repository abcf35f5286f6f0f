// Acceptance of issue 61, point 3: responses take 0 to 8 s (a twentieth here), a tenth is cut, and they overtake each
// other. No page shows rows or counts of another filter or range than the displayed one, unless it marks them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { SeededRandom } from '../../kit/random.ts'
import { delayResponses, goTo, samplesOf, shownNow, watchShown, type Shown } from '../kit/delayed.ts'
import { figure } from '../kit/figures.ts'
import { Scenery } from '../kit/scenery.ts'
import type { Place, Scene } from '../kit/scene.ts'
import { chromiumPath } from '../kit/stage.ts'

const scale = 1 / 20
const mostMs = 8000 * scale
/** A frame in which the URL is new and the page is not painted yet. */
const grace = 50
const steps = 10

type Views = Readonly<{ name: string; on: Place; path: string; filters: readonly string[]; ranges: readonly string[] }>

const hour = [3, 1].map(
  (hours) => [new Date(Date.now() - hours * 3_600_000), new Date(Date.now() + 3_600_000)] as const,
)
const ranges = hour.map(([from, to]) => `${from.toISOString()}..${to.toISOString()}`)

const pages: readonly Views[] = [
  {
    name: 'flows',
    on: 'full',
    path: '/flows?v=1&live=0&view=table',
    filters: ['dst_port = 443', 'dst_port = 5432', 'dst_port = 53'],
    ranges: [ranges[0]!],
  },
  {
    name: 'groups of flows',
    on: 'full',
    path: '/flows?v=1&live=0&view=table&group=dst_port',
    filters: ['dst_port = 443', 'dst_port = 5432', 'dst_port = 53'],
    ranges: [ranges[0]!],
  },
  {
    name: 'events',
    on: 'full',
    path: '/events?v=1&live=0',
    filters: ['type = "com.example.order"', 'type = "com.example.bad"'],
    ranges: [ranges[0]!],
  },
  {
    name: 'changes',
    on: 'cluster',
    path: '/changes?v=1&live=0',
    filters: ['kind = ConfigMap', 'kind = NetworkPolicy', 'operation = deleted'],
    ranges: [ranges[0]!, ranges[1]!],
  },
  {
    name: 'audit',
    on: 'cluster',
    path: '/audit?v=1&live=0',
    filters: ['', 'severity = normal', 'severity = warning'],
    ranges: [ranges[0]!, ranges[1]!],
  },
  {
    name: 'resources',
    on: 'cluster',
    path: '/resources?v=1',
    filters: ['kind = Pod', 'kind = Service', 'kind = Deployment'],
    ranges: [''],
  },
  {
    name: 'inventory',
    on: 'clouds',
    path: '/inventory?v=1',
    filters: ['state = running', 'state = stopped', 'type = volume'],
    ranges: [''],
  },
  {
    name: 'insights',
    on: 'clouds',
    path: '/insights?v=1',
    filters: ['', 'package-1', 'package-2'],
    ranges: [''],
  },
]

const pathsOf = ({ path, filters, ranges: of, name }: Views): readonly string[] =>
  filters.flatMap((filter) =>
    of.map((t) => {
      const words = name === 'insights' ? 'text' : 'q'
      return `${path}${filter === '' ? '' : `&${words}=${encodeURIComponent(filter)}`}${t === '' ? '' : `&t=${t}`}`
    }),
  )

const opened = (path: string, on: Place): Scene => ({
  name: path,
  page: '',
  description: '',
  on,
  path,
  act: (page) => page.locator('main').waitFor(),
})

const settled = async (page: Page): Promise<Shown> => {
  await expect
    .poll(async () => {
      const again = page.getByRole('button', { name: 'Try again' })
      if ((await again.count()) > 0) await again.first().click()
      const { rows, count } = await shownNow(page)
      return rows.length > 0 && count !== ''
    })
    .toBe(true)
  // Rows and counts arrive on their own.
  let [before, now] = ['', JSON.stringify(await shownNow(page))]
  for (; before !== now; now = JSON.stringify(await shownNow(page))) {
    before = now
    await sleep(mostMs)
  }
  return JSON.parse(now) as Shown
}

/** Totals arrive after the rows: a text without them has fewer numbers, but no other ones. */
function isPartOf(count: string, whole: string) {
  const numbersOf = (text: string): readonly string[] => text.match(/[\d.,]+/g) ?? []
  return numbersOf(count).every((number) => numbersOf(whole).includes(number))
}

describe.skipIf(chromiumPath === undefined)('chromium: late, cut and reordered responses', () => {
  const scenery = new Scenery()
  beforeAll(async () => {
    if (chromiumPath !== undefined) await scenery.open(pages.map(({ on }) => on))
  }, 300_000)
  afterAll(() => scenery.close())

  test.for(pages.map((views) => [views.name, views] as const))(
    '%s: no row and no number of another filter or range is shown unmarked',
    async ([name, views]) => {
      const paths = pathsOf(views)
      const right = new Map<string, Shown>()
      const calm = await scenery.play(opened(paths[0]!, views.on), { viewport: { width: 1440, height: 900 } })
      for (const path of paths) {
        await goTo(calm, path)
        const shown = await settled(calm)
        right.set(shown.search, shown)
      }
      await calm.context().close()
      expect(new Set([...right.values()].map(({ rows }) => rows.join())).size, 'the views differ').toBeGreaterThan(1)
      const wrong: string[] = []
      let looked = 0
      for (const seed of [61, 62]) {
        const random = new SeededRandom(seed)
        const page = await scenery.play(opened(paths[0]!, views.on), { viewport: { width: 1440, height: 900 } })
        await settled(page)
        await delayResponses(page, seed, mostMs)
        await watchShown(page)
        for (let step = 0; step < steps; step++) {
          await goTo(page, paths[Math.floor(random.next() * paths.length)]!)
          await sleep(random.next() * mostMs)
        }
        const last = await settled(page)
        expect(last.rows, `seed ${seed}: the last rows`).toEqual(right.get(last.search)?.rows)
        const samples = (await samplesOf(page)).filter(({ ms, search }) => ms > grace && right.has(search))
        looked += samples.length
        for (const { search, rows, count, ms } of samples) {
          const of = right.get(search)!
          const strange = rows.filter((row) => !of.rows.includes(row))
          const about = `seed ${seed}, ${Math.round(ms)} ms, ${decodeURIComponent(search)}`
          if (strange.length > 0) wrong.push(`${about}: ${strange.length} of ${rows.length} rows, as ${strange[0]!}`)
          if (!isPartOf(count, of.count)) wrong.push(`${about}: “${count}” instead of “${of.count}”`)
        }
        await page.context().close()
      }
      figure(`views of ${name} while responses were late`, looked, 'views')
      expect(wrong.join('\n')).toBe('')
    },
  )
})
