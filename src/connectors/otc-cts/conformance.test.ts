import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import type { OwnFrames } from '../../engine/ports.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { Frame } from '../../journal/types.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { configFrom } from '../../schema/index.ts'
import { sourceConformance, type Answer } from '../../../test/conformance/source.ts'
import type { NewUnit } from '../../../test/conformance/test-journal.ts'
import { CtsServer, type CtsProject } from '../../../test/kit/cts.ts'
import { otcCtsSchema } from './config.ts'
import { otcCts } from './index.ts'

const server = new CtsServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

let named = 0
let happened = Date.now() - 60_000

const eventsOf = (unit: NewUnit): WeirEvent[] => {
  const batch = unit.kind === 'events' ? decodeBatch('events', unit.raw) : undefined
  return batch?.kind === 'events' ? Array.from({ length: batch.count }, (_, row) => eventAt(batch, row)) : []
}

let project: CtsProject
/** What the journal has of the source. */
let units: NewUnit[] = []

sourceConformance('otc-cts', {
  redelivers: true, order: 'as received',
  numbersIn: (unit) => eventsOf(unit).map(({ id }) => Number(id)),
  async build(context, address) {
    if (context.epoch === 1 && address === undefined) [project, units] = [server.project(`eu-de_${++named}`), []]
    const synced = new Set<string>()
    let [refused, closed, malformed] = [false, false, false]
    const frames: OwnFrames = {
      hold: () => Promise.resolve(),
      async *after({ sequence }) {
        for (const [at, unit] of units.entries()) if (at + 1 > sequence) yield { header: { ...unit, sequence: at + 1 }, body: () => unit.raw } as unknown as Frame
        await Promise.resolve()
      },
    }
    // It would wait for a second at least before it asks again.
    const timers = { ...context.host.timers, sleep: (ms: number, signal?: AbortSignal) => context.host.timers.sleep(Math.min(ms, 5), signal) }
    const source = await otcCts.build(configFrom(otcCtsSchema, { iam: `${server.url}/v3`, auth: { type: 'password', user: server.user.name, domain: server.domain.name, password: server.user.password }, projects: [{ id: project.id, region: 'eu-de' }], every: '1s' }), {
      ...context, frames, host: { ...context.host, timers },
      shed: (reason, rows) => {
        malformed = true
        context.shed(reason, rows)
      },
      append: async (unit) => {
        const appended = await context.append(unit).catch((error: unknown) => {
          refused = true
          throw error
        })
        units.push(unit)
        for (const { id } of eventsOf(unit)) synced.add(id)
        return appended
      },
    })
    const until = async (there: () => boolean): Promise<Answer> => {
      while (!there()) {
        if (refused || closed) return 'retry'
        await sleep(5)
      }
      return 'accepted'
    }
    return {
      source,
      async send(numbers) {
        refused = false
        server.put(project, numbers.map((number) => ({ trace_id: String(number), time: ++happened, trace_name: 'test' })))
        return until(() => numbers.every((number) => synced.has(String(number))))
      },
      async sendMalformed() {
        server.put(project, ['no trace of any kind'])
        return (await until(() => malformed)) === 'accepted' ? 'refused' : 'retry'
      },
      close() {
        closed = true
        return Promise.resolve()
      },
    }
  },
}, { system: 'otc-cts', server: 'server of its API', ours: true })
