import { beforeEach, describe, expect, it } from 'vitest'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { Readiness, type Observed } from './readiness.ts'

let host: FakeHost
let readiness: Readiness
let lines: [level: string, message: string, fields: unknown][]

const well: Observed = { refusal: undefined, unacknowledged: undefined, failing: [], warnings: [] }
const failing = (counts: 'lasting' | 'now' | 'partly'): Observed => ({
  ...well,
  failing: [{ what: 'sink bus', why: '3 rows wait in the journal: connection refused', counts }],
})

beforeEach(() => {
  host = fakeHost(1)
  lines = []
  const say =
    (level: string) =>
    (message: string, fields?: unknown): void =>
      void lines.push([level, message, fields])
  readiness = new Readiness(host.clock, {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  })
})

describe('readiness', () => {
  it('is there only between start and stop', () => {
    expect(readiness.health()).toMatchObject({
      live: true,
      ready: false,
      accepting: false,
      reasons: ['weir is starting'],
    })
    readiness.started()
    expect(readiness.health()).toEqual({
      live: true,
      ready: true,
      accepting: true,
      draining: false,
      reasons: [],
      warnings: [],
    })
    readiness.drain()
    expect(readiness.health()).toMatchObject({
      ready: false,
      accepting: false,
      draining: true,
      reasons: ['weir is draining'],
    })
  })

  it('ends at once when data is rejected, and is logged once with the reason and the duration', async () => {
    readiness.started()
    for (let at = 0; at < 3; at++) {
      readiness.update({ ...well, refusal: 'the disk is full' })
      expect(readiness.health()).toMatchObject({ ready: false, accepting: false, reasons: ['the disk is full'] })
      await host.advance(1000)
    }
    readiness.update(well)
    expect(readiness.health()).toMatchObject({ ready: true, accepting: true })
    expect(lines).toEqual([
      ['warn', 'Weir is not ready.', { reason: 'the disk is full' }],
      ['info', 'Weir is ready again.', { seconds: 3 }],
    ])
  })

  it('ends when a source or a sink fails for ten seconds; until then it is a warning', async () => {
    readiness.started()
    readiness.update(failing('lasting'))
    await host.advance(9000)
    readiness.update(failing('lasting'))
    expect(readiness.health()).toMatchObject({
      ready: true,
      reasons: [],
      warnings: ['sink bus: fails for 9 s, 3 rows wait in the journal: connection refused'],
    })
    await host.advance(1000)
    expect(readiness.health()).toMatchObject({
      ready: false,
      accepting: true,
      reasons: ['sink bus: fails for 10 s, 3 rows wait in the journal: connection refused'],
      warnings: [],
    })
    readiness.update(well)
    readiness.update(failing('lasting'))
    expect(readiness.health().ready).toBe(true)
  })

  it('ends at once for what never worked, and never for what works in part', async () => {
    readiness.started()
    readiness.update(failing('now'))
    expect(readiness.health().ready).toBe(false)
    readiness.update(failing('partly'))
    await host.advance(20_000)
    expect(readiness.health()).toMatchObject({
      ready: true,
      warnings: ['sink bus: 3 rows wait in the journal: connection refused'],
    })
  })

  it('ends when maintenance hangs', async () => {
    readiness.started()
    readiness.update(well)
    await host.advance(31_000)
    expect(readiness.health()).toMatchObject({
      ready: false,
      accepting: false,
      reasons: [expect.stringContaining('maintenance has not finished for 31 s')],
    })
  })

  it('ends when posts wait for a sink that fails, and that is logged apart', () => {
    readiness.started()
    readiness.update({ ...well, unacknowledged: 'posts wait for sink graph: away' })
    expect(readiness.health()).toMatchObject({
      ready: false,
      accepting: false,
      reasons: ['posts wait for sink graph: away'],
    })
    readiness.update(well)
    expect(lines.map(([, message]) => message)).toEqual([
      'Posts are rejected until their acknowledging sink settles rows again.',
      'Weir is not ready.',
      'Posts are acknowledged again.',
      'Weir is ready again.',
    ])
  })
})
