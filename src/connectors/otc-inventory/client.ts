import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { isRecord, textOf, fieldsOf, type Fields } from '../../model/json.ts'
import { accountOf } from '../../net/otc/account.ts'
import { parseResponse, OtcError, type OtcService } from '../../net/otc/errors.ts'
import { Session, type OpenProject } from '../../net/otc/session.ts'
import type { Query } from '../../net/otc/sign.ts'
import { CollectError, type CollectFault } from '../../polling/inventory/collector.ts'
import type { OtcInventoryConfig } from './config.ts'

type ClientOptions = Readonly<{
  host: Host
  config: OtcInventoryConfig
  project: OtcInventoryConfig['projects'][number]
  /** `endpoint`: service and path with `{id}`. `status`: of HTTP, or `none`. */
  requested: (endpoint: string, status: string) => void
}>

/** How a list continues. Without an explicit end, an empty page is the last. */
export type Paging = Readonly<{
  size: number
  /** `page`: counts from 1. `offset`: of the first item. `marker`: id of the last item. */
  by: 'page' | 'offset' | 'marker'
  /** Whether the answer has the end of the list. `read`: items so far. Undefined: unknown. */
  isLast?: (body: Fields, read: number) => boolean | undefined
}>

const maxPages = 10_000
const maxItems = 1_000_000
const ids = /(?<=\/)(?:[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?=\/|$)/gi
const faults: Readonly<Record<OtcError['kind'], CollectFault>> = {
  login: 'auth',
  denied: 'forbidden',
  limited: 'rate_limited',
  timeout: 'timeout',
  shape: 'decode',
  passing: 'server',
  settings: 'server',
}

class OtcCollectError extends CollectError {
  readonly status: number | undefined

  constructor({ kind, message, cause, afterMs, mayPass, status }: OtcError) {
    super(faults[kind], message, { cause, afterMs, mayPass })
    this.status = status
  }
}

/** One project. It makes no retry, and no request to a service before the end of its rate limit. */
export class OtcClient {
  readonly #options: ClientOptions
  readonly #session: Session
  /** Unix ms, by service. */
  readonly #limited = new Map<string, number>()

  constructor(options: ClientOptions) {
    this.#options = options
    const { host, config, project } = options
    this.#session = new Session({
      host,
      env: self.env,
      timeout: config.timeout,
      signing: config.signing,
      endpoint: config.endpoint ?? undefined,
      account: () => accountOf({ ...config, cloud: 'otc' }, project, { host, env: self.env }),
      cloud: 'otc',
      rejected: (error) => new OtcCollectError(error),
    })
  }

  /** Rejects with CollectError. */
  open(signal: AbortSignal): Promise<OpenProject> {
    return this.#session.open(signal)
  }

  /** A JSON object. Rejects with CollectError. */
  async get(service: OtcService, path: string, query: Query, signal: AbortSignal): Promise<Fields> {
    const { host, requested } = this.#options
    const wait = (this.#limited.get(service.name) ?? 0) - host.clock.now()
    if (wait > 0)
      throw new CollectError('rate_limited', `${path} waits for the end of the rate limit of ${service.name}`, {
        afterMs: wait,
        mayPass: true,
      })
    const label = `${service.host}${path.replace(ids, '{id}')}`
    try {
      const answer = await this.#session.get(service, path, query, signal)
      requested(label, String(answer.status))
      return parseResponse(answer, service.name)
    } catch (error) {
      if (error instanceof OtcError) throw new OtcCollectError(error)
      if (!(error instanceof OtcCollectError)) throw error
      requested(label, String(error.status ?? 'none'))
      if (error.fault === 'rate_limited') this.#limited.set(service.name, host.clock.now() + error.afterMs)
      throw error
    }
  }

  /** The objects of all pages. A page that fails, or lacks the list, fails the list. */
  async list(
    service: OtcService,
    path: string,
    envelope: string,
    signal: AbortSignal,
    { paging, query = [] }: Readonly<{ paging?: Paging; query?: Query }> = {},
  ): Promise<readonly Fields[]> {
    const items: Fields[] = []
    const seen = new Set<string>()
    for (let page = 1; ; page++) {
      const last = textOf(items.at(-1)?.['id'])
      const body = await this.get(service, path, [...query, ...pageQuery(paging, page, items.length, last)], signal)
      const value = body[envelope]
      if (!Array.isArray(value))
        throw new CollectError('decode', `${service.name}: ${path} returned no list \`${envelope}\``, { mayPass: true })
      const objects = value.map(fieldsOf)
      items.push(...objects)
      if (paging === undefined || objects.length === 0 || paging.isLast?.(body, items.length) === true) return items
      const known = objects.map(({ id }) => textOf(id)).filter((id) => id !== undefined && seen.has(id))
      if (known.length > 0 || page >= maxPages || items.length > maxItems)
        throw new CollectError('decode', `${service.name}: ${path} repeats a page or has too many pages`, {
          mayPass: true,
        })
      for (const { id } of objects) seen.add(textOf(id) ?? '')
      if (paging.by === 'marker' && textOf(objects.at(-1)?.['id']) === undefined)
        throw new CollectError(
          'decode',
          `${service.name}: ${path} has an item without an id, at which the next page begins`,
        )
    }
  }

  close(): void {
    this.#session.close()
  }
}

function pageQuery(paging: Paging | undefined, page: number, read: number, last: string | undefined): Query {
  if (paging === undefined) return []
  const { by, size } = paging
  const at: Query =
    by === 'page' ? [['offset', String(page)]] : read === 0 ? [] : [[by, by === 'offset' ? String(read) : (last ?? '')]]
  return [['limit', String(size)], ...at]
}

/** `count` is the total of all pages. */
export const countedTotal = ({ count }: Fields, read: number): boolean | undefined =>
  typeof count === 'number' ? read >= count : undefined

/** ELB: `page_info.next_marker` is absent on the last page. */
export const noNextMarker = ({ page_info: info }: Fields): boolean | undefined =>
  isRecord(info) ? textOf(info['next_marker']) === undefined : undefined

/** DNS: `links.next` is absent on the last page. */
export const noNextLink = ({ links }: Fields): boolean | undefined =>
  isRecord(links) ? textOf(links['next']) === undefined : undefined
