import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { AlertBook, Alerts, type FileRule } from '../../alerts/index.ts'
import { realHost, type Host } from '../../host/index.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { Unit } from '../../journal/types.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import type { ApiOptions } from '../index.ts'
import { log } from './kit.ts'
import { startStored, type StoredApi } from './stored.ts'

export type AlertApi = StoredApi &
  Readonly<{
    alerts: Alerts
    book: AlertBook
    units: readonly Omit<Unit, 'source'>[]
    send(
      method: string,
      path: string,
      body?: unknown,
      token?: string,
    ): Promise<{ status: number; body: Record<string, unknown> }>
    /** Stores the events of alerts so far. */
    storeEvents(): Promise<void>
  }>

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-alert-rules-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

type AlertStart = Readonly<{ folder?: string; files?: readonly FileRule[]; host?: Host; auth?: ApiOptions['auth'] }>

/** The engine of alerts and the rules of users, as the start of Weir connects them. */
export async function startAlertRules({ files = [], host = realHost(), ...given }: AlertStart = {}): Promise<AlertApi> {
  const folder = given.folder ?? (await temporaryFolder())
  const units: Omit<Unit, 'source'>[] = []
  let applying: Promise<void> | undefined
  const book: AlertBook = new AlertBook({
    host,
    log,
    folder,
    fileRules: () => files,
    refreshes: () => 'once',
    onChange: () => {
      applying = applying?.then(() => alerts.apply(book.rules()))
    },
  })
  const api = await startStored({
    auth: given.auth ?? { tokens: [] },
    alerts: () => alerts,
    alertBook: book,
  })
  const alerts: Alerts = new Alerts({
    host,
    log,
    metrics: new MetricStore({ strict: true }),
    journal: {
      append: async (unit) => void units.push(unit),
      cursor: () => Promise.resolve(units.findLast(({ cursor }) => cursor !== undefined)?.cursor),
    },
    store: () => api.control.store,
    silences: () => book.silences(),
    url: () => 'http://weir',
  })
  onTestFinished(() => alerts.stop())
  await book.open()
  await alerts.open(book.rules())
  applying = Promise.resolve()
  return {
    ...api,
    alerts,
    book,
    units,
    async send(method, path, body, token) {
      const answer = await fetch(`${api.url}/api/v1/${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    },
    async storeEvents() {
      for (const { raw, count, received } of units.splice(0))
        if (count > 0) await api.addBatch(decodeBatch('events', raw), received)
    },
  }
}
