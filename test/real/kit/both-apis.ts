// Two APIs over the same rows: with the embedded store, and with ClickHouse.
import { afterEach, expect } from 'vitest'
import type { ApiOptions } from '../../../src/api/index.ts'
import { start } from '../../../src/api/testing/kit.ts'
import { RecordingControl } from '../../../src/api/testing/recording-control.ts'
import type { StoreReader } from '../../../src/engine/control.ts'
import { realHost, type Host } from '../../../src/host/index.ts'
import { clickhouseSettings } from '../../../src/query/index.ts'
import { startOfDay } from '../../../src/store/testing/frames.ts'
import { queryRows } from '../../../src/store/testing/query-rows.ts'
import { temporaryStores } from '../../../src/store/testing/temporary.ts'
import { bothStores, type BothStores } from './both-stores.ts'

const stores = temporaryStores()
const opened: BothStores[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

export type Parameters = Readonly<Record<string, string>>
export type Body = Readonly<Record<string, unknown>>

export interface BothApis extends Pick<BothStores, 'addEvents' | 'add'> {
  /** The response of both, which is the same. `user`: a token. */
  expectSame(path: string, parameters?: Parameters, user?: string): Promise<Body>
  /** All pages of both. */
  pages(path: string, list: string, parameters?: Parameters, user?: string): Promise<readonly unknown[]>
  /** The rows of the statement in a response, each in the dialect of its store. */
  expectSameRows(path: string, parameters: Parameters, user?: string): Promise<void>
  /** The rows of a statement of both stores, in any order; there are some. */
  expectSameView(sql: string): Promise<void>
  readonly urls: readonly [embedded: string, outside: string]
}

/** Two hours after the first rows. */
const now = startOfDay + 7_200_000

function hostAt(time: number): Host {
  const host = realHost()
  return { ...host, clock: { ...host.clock, now: () => time, monotonic: () => host.clock.monotonic() } }
}

let databases = 0

export async function bothApis(serverUrl: string, options: Partial<ApiOptions> = {}): Promise<BothApis> {
  const store = await stores.open()
  const both = await bothStores(serverUrl, `api_${process.pid}_${++databases}`, store, clickhouseSettings)
  opened.push(both)
  const started = async (reader: StoreReader): Promise<string> => {
    const control = new RecordingControl()
    control.store = reader
    return (await start({ host: hostAt(now), ...options, control })).api.url
  }
  const urls = [await started(both.embedded), await started(both.outside)] as const
  const one = async (url: string, path: string, parameters: Parameters, user?: string) => {
    const response = await fetch(
      `${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`,
      user === undefined ? {} : { headers: { authorization: `Bearer ${user}` } },
    )
    return { status: response.status, body: (await response.json()) as Body }
  }
  const shown = (path: string, parameters: Parameters): string =>
    `${path}?${new URLSearchParams(parameters).toString()}`
  return {
    urls,
    add: both.add,
    addEvents: both.addEvents,
    async expectSame(path, parameters = {}, user) {
      const [left, right] = await Promise.all(urls.map((url) => one(url, path, parameters, user)))
      const request = shown(path, parameters)
      expect({ request, ...left, body: comparable(left?.body) }, JSON.stringify(left?.body)).toMatchObject({
        status: 200,
      })
      expect({ request, ...right, body: comparable(right?.body) }).toEqual({
        request,
        ...left,
        body: comparable(left?.body),
      })
      return left?.body ?? {}
    },
    async expectSameRows(path, parameters, user) {
      const rows = await Promise.all(
        urls.map(async (url, index) => {
          const { status, body } = await one(url, path, parameters, user)
          expect(status, JSON.stringify(body)).toBe(200)
          return texts(index === 0 ? both.embedded : both.outside, String(body['sql']))
        }),
      )
      expect({ request: shown(path, parameters), rows: rows[1] }).toEqual({
        request: shown(path, parameters),
        rows: rows[0],
      })
    },
    async expectSameView(sql) {
      const [left = [], right] = await Promise.all([both.embedded, both.outside].map((reader) => texts(reader, sql)))
      expect(left, sql).not.toEqual([])
      expect(right, sql).toEqual(left)
    },
    async pages(path, list, parameters = {}, user) {
      const all = await Promise.all(
        urls.map(async (url) => {
          const rows: unknown[] = []
          for (let cursor: string | undefined; ;) {
            const { status, body } = await one(
              url,
              path,
              cursor === undefined ? parameters : { ...parameters, cursor },
              user,
            )
            expect(status, `${shown(path, parameters)} ${JSON.stringify(body)}`).toBe(200)
            rows.push(...(body[list] as unknown[]))
            if (typeof body['next'] !== 'string') return rows
            cursor = body['next']
          }
        }),
      )
      expect({ request: shown(path, parameters), rows: all[1] }).toEqual({
        request: shown(path, parameters),
        rows: all[0],
      })
      return all[0] ?? []
    },
  }
}

/** A cursor holds a hash of the statement, which differs. */
function comparable(body: Body | undefined): Body {
  const { next, ...rest } = body ?? {}
  return { ...rest, next: next === null || next === undefined ? next : 'a cursor' }
}

/** In any order. */
async function texts(reader: StoreReader, sql: string): Promise<readonly string[]> {
  return (await queryRows(reader, sql)).map((row) => JSON.stringify(row)).toSorted()
}
