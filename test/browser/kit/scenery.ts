// The Weirs of the scenes: with data, fresh, without a store, with sign-in, with a cluster, with clouds.
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserContextOptions, Page, Route } from 'playwright-core'
import { traceEvent } from '../../../src/store/testing/traces.ts'
import { asCloudEvent } from '../../../sim/cloud-event.ts'
import { CloudsPlace, fillClouds } from './clouds-place.ts'
import { clusterLife } from './cluster-life.ts'
import { putIncident } from './incident.ts'
import { bothNamespaces, sendNamespaced } from './namespaced.ts'
import { Partner } from './partner.ts'
import type { Fail, Place, Scene } from './scenes.ts'
import { Stage } from './stage.ts'

export const tokens = {
  admin: 'correct-horse-battery-admin',
  viewer: 'correct-horse-battery-viewer',
  shop: 'correct-horse-battery-shop',
}

class SideStage extends Stage {
  readonly #first: Stage

  constructor(first: Stage) {
    super()
    this.#first = first
  }

  protected override async openBrowser(): Promise<void> {
    this.browser = this.#first.browser
  }

  protected override async closeBrowser(): Promise<void> {}
}

export class Scenery {
  readonly full = new Stage()
  readonly #sides = new Map<Exclude<Place, 'full'>, SideStage>()
  readonly #partner = new Partner()
  readonly #clouds = new CloudsPlace()

  #span = { from: 0, to: 0 }

  /** Opens the given places besides the full one. `alive`: ms of earlier shop traffic for charts over time. */
  async open(places: Iterable<Place>, alive = 0): Promise<void> {
    await this.full.open({ sinks: { partner: { type: 'http', url: await this.#partner.open(), from: ['http'] } } })
    const from = Date.now()
    for (const end = from + alive; Date.now() < end; await sleep(250)) await this.full.flows(250)
    await fill(this.full)
    this.#span = { from: from - 15_000, to: Date.now() + 5000 }
    for (const place of new Set(places)) {
      if (place === 'full') continue
      const side = new SideStage(this.full)
      this.#sides.set(place, side)
      await side.open(place === 'clouds' ? await this.#clouds.open() : configs[place])
      if (place === 'bare') await side.flows(8_000)
      if (place === 'cluster') await fillCluster(side)
      if (place === 'clouds') await fillClouds(side)
      if (place === 'closed') await sendNamespaced(side.weir.ports.netflow, bothNamespaces, 12)
    }
  }

  async close(): Promise<void> {
    for (const side of this.#sides.values()) await side.close()
    await this.full.close()
    await this.#partner.close()
    await this.#clouds.close()
  }

  get complaints(): readonly string[] {
    return [...this.full.complaints, ...[...this.#sides.values()].flatMap(({ complaints }) => complaints)]
  }

  /** Resumes the shop's traffic; returns a function that stops it. */
  goOn(): () => Promise<void> {
    const stopped = new AbortController()
    const going = (async () => {
      for (; !stopped.signal.aborted; await sleep(245)) await this.full.flows(250)
    })()
    return () => {
      stopped.abort()
      return going
    }
  }

  async play(scene: Scene, options: BrowserContextOptions): Promise<Page> {
    const place = scene.on ?? 'full'
    const stage = place === 'full' ? this.full : this.#sides.get(place)
    if (stage === undefined) throw new Error(`the place ${place} of ${scene.name} is not open`)
    const page = await stage.page(undefined, options)
    page.setDefaultTimeout(60_000)
    const { hold, fail } = scene
    if (hold !== undefined)
      await page.route(
        (url) => hold.test(url.pathname),
        () => {},
      )
    if (fail !== undefined)
      await page.route(
        (url) => fail.at.test(url.pathname),
        (route) => refuse(route, fail),
      )
    const { from, to } = this.#span
    const until = (start: number): string =>
      place === 'full' ? `${new Date(start).toISOString()}..${new Date(to).toISOString()}` : 'now-1h..now'
    const path = scene.path.replace('{span}', until(from)).replace('{later}', until((from + to) / 2))
    await page.goto(`${stage.weir.url}${path}${scene.as === undefined ? '' : `#token=${tokens[scene.as]}`}`)
    await scene.act(page)
    return page
  }
}

const configs: Readonly<Record<Exclude<Place, 'full' | 'clouds'>, Readonly<Record<string, unknown>>>> = {
  fresh: {},
  bare: { store: { enabled: 'none' } },
  cluster: {},
  closed: {
    http: { auth: 'none' },
    auth: {
      tokens: [
        { name: 'root', token: tokens.admin },
        { name: 'vera', token: tokens.viewer, role: 'viewer' },
        { name: 'shop-team', token: tokens.shop, role: 'viewer', namespaces: ['shop'] },
      ],
      oidc: { issuer: 'http://127.0.0.1:9/realms/none', client_id: 'weir', role: "'viewer'" },
    },
  },
}

async function fill(stage: Stage): Promise<void> {
  const order = (id: string, type: string, data: object): object => ({
    specversion: '1.0',
    id,
    source: '/shop/checkout',
    type,
    subject: `order-${id}`,
    data,
  })
  await stage.filled()
  await stage.weir.events(
    Array.from({ length: 20 }, (_, index) => order(String(index), 'com.example.order', { total: index * 3 })),
  )
  await stage.weir.events(
    Array.from({ length: 6 }, (_, index) =>
      order(`bad-${index}`, index % 4 === 3 ? 'com.example.bad.size' : 'com.example.bad', {
        total: 'many',
        items: [{ sku: 'a-1', count: index }],
      }),
    ),
  )
  await stage.weir.events(
    Array.from({ length: 30 }, (_, index) => ({
      specversion: '1.0',
      id: `line-${index}`,
      source: '/clusters/shop/pods/api-7d9c4',
      type: 'weir.log',
      weirfamily: 'log',
      data: {
        line: `method=GET path=/orders/${index} status=${index % 7 === 3 ? 500 : 200}`,
        severity: index % 7 === 3 ? 'error' : index % 5 === 0 ? 'warn' : 'info',
        labels: { app: 'api', namespace: 'shop' },
      },
    })),
  )
  for (let letters = 0; letters < 6; letters = (await stage.weir.get<unknown[]>('/api/v1/dead-letters')).length)
    await sleep(200)
}

async function fillCluster(stage: Stage): Promise<void> {
  const began = Date.now() - 3_600_000
  const events = [...clusterLife(), ...Array.from({ length: 400 }, (_, n) => traceEvent(n, began + n * 8000))]
  for (let at = 0; at < events.length; at += 500) await stage.weir.events(events.slice(at, at + 500).map(asCloudEvent))
  await stage.filled()
  for (
    let n = 0;
    n < events.length;
    n = Number((await stage.weir.sql<{ n: number }>('SELECT count(*)::INT AS n FROM events'))[0]?.n)
  )
    await sleep(200)
  await putIncident(stage.weir.url)
}

function refuse(route: Route, { status, detail, method }: Fail): Promise<void> {
  if (method !== undefined && route.request().method() !== method) return route.fallback()
  if (status === 0) return route.abort('connectionrefused')
  const [code, title] = status === 429 ? ['WEIR_API_LIMIT', 'Limit reached'] : ['WEIR_API_INTERNAL', 'Unexpected error']
  return route.fulfill({
    status,
    contentType: 'application/problem+json',
    headers: { 'retry-after': '5' },
    body: JSON.stringify({
      type: 'urn:weir:problem',
      title,
      status,
      code,
      query_id: 'q-7f3a9c21',
      detail:
        detail ??
        (status === 429
          ? '64 queries of one user are queued already.'
          : 'The server failed with an unexpected error; its log has the details.'),
      hints:
        status === 429 && detail === undefined
          ? ['Wait for the response before the next query, or cancel queries that are no longer needed.']
          : [],
    }),
  })
}
