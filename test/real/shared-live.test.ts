// Two APIs that copy one journal: a reader of the live stream moves between them, and one is restarted meanwhile.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EventStream } from '../../src/api/testing/event-stream.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { nats as program } from './install/nats.ts'
import { startNats } from './kit/nats.ts'
import { need } from './kit/need.ts'

describe('nats-server', () => {
  test('a live stream resumes at another or restarted API with each event once', async (context) => {
    await need(context, program)
    const dir = await mkdtemp(join(tmpdir(), 'weir-shared-live-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await using server = await startNats({ jetstream: true, dir })
    const start = (role: string, number: number): Promise<WeirProcess> =>
      startWeir({
        folder: join(dir, `${role}-${number}`),
        config: {
          roles: [role],
          instance: `${role}-${number}`,
          journal: { on: { type: 'nats', url: server.url, partitions: 8 } },
          sources: { netflow: { listen: 'off', tcp: 'off' } },
        },
      })
    const [one, two, ...collectors] = await Promise.all([
      start('api', 1),
      start('api', 2),
      start('collector', 1),
      start('collector', 2),
      start('collector', 3),
    ])
    onTestFinished(() => Promise.all([one, two, ...collectors].map((weir) => weir.kill())).then(() => undefined))
    const sent: string[] = []
    const send = (): Promise<unknown> =>
      Promise.all(
        collectors.map((weir, at) => {
          const id = `${at}-${sent.length}`
          sent.push(id)
          return weir.post(
            '/events',
            [{ specversion: '1.0', id, source: '/test', type: 'numbered' }],
            'application/cloudevents-batch+json',
          )
        }),
      )
    const seen: string[] = []
    const body = { views: [{ id: 'e', kind: 'rows', q: { stream: 'events' }, columns: ['id'] }] }
    let last: string | undefined
    /** Reads from a server until all sent events have arrived, and disconnects. */
    const readAt = async (weir: WeirProcess, meanwhile: () => Promise<unknown>): Promise<void> => {
      const stream = await EventStream.open(
        `${weir.url}/api/v1/live?sid=session-1`,
        last === undefined ? {} : { 'last-event-id': last },
        body,
      )
      await meanwhile()
      const rows = await stream.untilRows('e', sent.length - seen.length)
      seen.push(...rows.map(([id]) => String(id)))
      await stream.until(({ id }) => id !== undefined)
      last = stream.events.findLast(({ id }) => id !== undefined)?.id
      expect(stream.events.filter(({ event }) => event === 'gap')).toEqual([])
      stream.close()
    }
    await readAt(one, send)
    await send()
    await readAt(two, send)
    await two.kill()
    await send()
    await readAt(one, send)
    await two.start()
    await readAt(two, send)
    await send()
    await readAt(one, send)
    expect(seen.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(sent.toSorted((a, b) => (a < b ? -1 : 1)))
  }, 180_000)
})
