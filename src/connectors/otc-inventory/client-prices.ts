import { otcPrices, type Price } from '../../codecs/focus/index.ts'
import type { Context } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { messageOf } from '../../model/errors.ts'
import { parsedJson } from '../../model/json.ts'
import { LazyClient } from '../../net/http/lazy-client.ts'
import type { OtcInventoryConfig } from './config.ts'

const everyMs = 86_400_000
const retryMs = 3_600_000
const mostBytes = 64 * 1024 * 1024

type Prices = Readonly<{ byFlavor: ReadonlyMap<string, Price>; until: number }>
type PriceOf = (flavor: string, system: string) => Price | undefined

/** List prices of servers, read once a day. Without an answer the last ones stay in use. */
export class PriceList {
  readonly #context: Pick<Context, 'host' | 'log' | 'id'>
  readonly #url: URL | undefined
  readonly #http: LazyClient | undefined
  readonly #known = new Map<string, Prices>()
  readonly #reading = new Map<string, Promise<Prices>>()

  constructor({ prices, timeout }: OtcInventoryConfig, context: Pick<Context, 'host' | 'log' | 'id'>) {
    this.#context = context
    if (prices === null) return
    this.#url = new URL(prices)
    const { host } = context
    const url = this.#url.href
    this.#http = new LazyClient({ host, url, connections: 1, timeoutMs: timeout, tls: null, env: self.env })
  }

  async of(region: string, signal: AbortSignal): Promise<PriceOf> {
    if (this.#url === undefined) return () => undefined
    const existing = this.#known.get(region)
    if (existing !== undefined && this.#context.host.clock.monotonic() < existing.until) return lookUp(existing)
    const reading =
      this.#reading.get(region) ?? this.#refresh(region, existing, signal).finally(() => this.#reading.delete(region))
    this.#reading.set(region, reading)
    return lookUp(await reading)
  }

  close(): void {
    this.#http?.close()
  }

  async #refresh(region: string, before: Prices | undefined, signal: AbortSignal): Promise<Prices> {
    const { host, log, id } = this.#context
    const now = host.clock.monotonic()
    const read = await this.#read(region, signal).catch((error: unknown) => {
      log.warn('The price list cannot be read; resources have no new prices.', { source: id, error: messageOf(error) })
      return undefined
    })
    const byFlavor = read ?? before?.byFlavor ?? new Map<string, Price>()
    const prices = { byFlavor, until: now + (read === undefined ? retryMs : everyMs) }
    this.#known.set(region, prices)
    return prices
  }

  async #read(region: string, signal: AbortSignal): Promise<ReadonlyMap<string, Price>> {
    const url = new URL(this.#url ?? '')
    for (const [name, value] of [
      ['productType', 'OTC'],
      ['serviceName', 'ecs'],
      ['filterBy[region]', region],
      ['limitMax', '5000'],
    ] as const)
      url.searchParams.set(name, value)
    const request = { to: `${url.pathname}${url.search}`, headers: { accept: 'application/json' }, limit: mostBytes }
    const answer = await this.#http!.request({ ...request, signal })
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`)
    const { prices } = otcPrices(parsedJson(new TextDecoder().decode(answer.body)))
    const results = prices.filter((price) => price.flavor !== '' && price.region === region)
    if (results.length === 0) throw new Error(`it has no prices of servers in ${region}`)
    return new Map(results.map((price) => [keyOf(price.flavor, price.system), price]))
  }
}

const lookUp =
  ({ byFlavor }: Prices): PriceOf =>
  (flavor, system) =>
    byFlavor.get(keyOf(flavor, system))

/** `Open Linux` is the price of a server with a system without a license. */
function keyOf(flavor: string, system: string): string {
  const kind = /windows/i.test(system) ? 'windows' : /^(?:open )?linux$/i.test(system) ? 'linux' : system.toLowerCase()
  return `${flavor} ${kind}`
}
