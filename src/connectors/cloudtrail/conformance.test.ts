import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import type { OwnFrames } from '../../engine/ports.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { Frame } from '../../journal/types.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { configFrom } from '../../schema/index.ts'
import { sourceConformance, type Answer } from '../../../test/conformance/source.ts'
import type { NewUnit } from '../../../test/conformance/test-journal.ts'
import { auth } from '../../../test/kit/aws-server.ts'
import { TrailServer } from '../../../test/kit/cloudtrail.ts'
import { cloudtrailSchema } from './config.ts'
import { cloudtrail } from './index.ts'

const server = new TrailServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

let happened = Date.now() - 60_000

const eventsOf = (unit: NewUnit): WeirEvent[] => {
  const batch = unit.kind === 'events' ? decodeBatch('events', unit.raw) : undefined
  return batch?.kind === 'events' ? Array.from({ length: batch.count }, (_, row) => eventAt(batch, row)) : []
}

let region = ''
/** What the journal has of the source. */
let units: NewUnit[] = []

sourceConformance('cloudtrail lookup', {
  redelivers: true, order: 'as received',
  numbersIn: (unit) => eventsOf(unit).map(({ id }) => Number(id)),
  async build(context, address) {
    if (context.epoch === 1 && address === undefined) [region, units] = [`eu-test-${server.regions + 1}`, []]
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
    const source = await cloudtrail.build(configFrom(cloudtrailSchema, { from: { type: 'lookup', regions: [region], every: '1s' }, endpoint: server.url, auth }), {
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
        server.put(region, numbers.map((number) => ({ eventID: String(number), eventTime: new Date(++happened).toISOString(), eventName: 'Test', eventSource: 'ec2.amazonaws.com', awsRegion: region })))
        return until(() => numbers.every((number) => synced.has(String(number))))
      },
      async sendMalformed() {
        server.put(region, ['no record of any kind'])
        return (await until(() => malformed)) === 'accepted' ? 'refused' : 'retry'
      },
      close() {
        closed = true
        return Promise.resolve()
      },
    }
  },
}, { system: 'cloudtrail', server: 'server of its API', ours: true })
