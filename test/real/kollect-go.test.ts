// A consumer in Go, with classes generated from kollect's fields, reads Weir's messages from a real NATS. kollect's
// own Go library is on no module proxy any more.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeBatch } from '../../src/codecs/cloudevents/index.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { differences, sentAt } from '../../bench/runs/kollect-consumer/expected.ts'
import type { ConsumedMessage } from '../../bench/runs/kollect-consumer/reader.ts'
import { anyChanges, changeEvent } from '../kit/changes.ts'
import { startWeir } from '../kit/weir-process.ts'
import { installGoConsumer } from './install/go-consumer.ts'
import { nats as program } from './install/nats.ts'
import { startNats } from './kit/nats.ts'
import { need } from './kit/need.ts'

interface Read extends Omit<ConsumedMessage, 'left'> {
  readonly unknown: readonly number[]
  readonly same: boolean
}

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-kollect-go-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

describe('go-consumer', () => {
  test('reads every change once, skips what Weir adds, and would have written the same bytes', async (context) => {
    const consumer = await installGoConsumer()
    if (consumer.path === undefined) return context.skip(consumer.reason)
    await need(context, program)
    await using bus = await startNats({ jetstream: true, dir })
    const sink = {
      type: 'nats',
      url: bus.url,
      stream: 'KOLLECT',
      subject: 'kollect',
      create_stream: true,
      codec: 'kollect',
    }
    const sinks = {
      all: { ...sink, only: { family: ['change'] } },
      own: { ...sink, stream: 'OWN', subject: 'own', kollect_fields: 'original', only: { family: ['change'] } },
    }
    await using weir = await startWeir({ folder: dir, config: { sinks } })
    const changes = anyChanges(11, 600, 'prod')
    await weir.post(
      '/events',
      encodeBatch(changes.map((change) => changeEvent(change, sentAt))).toString(),
      'application/cloudevents-batch+json',
    )
    await weir.caughtUp(60_000)
    const sent = new Map(changes.map((change) => [`prod/${change.uid}`, change]))
    for (const [stream, subject, added] of [
      ['KOLLECT', 'kollect', true],
      ['OWN', 'own', false],
    ] as const) {
      const ran = await runCommand(consumer.path, [bus.url, stream, subject, String(changes.length)], {
        limit: 120_000,
      })
      expect([ran.code, ran.stderr]).toEqual([0, ''])
      const output = ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Read)
      expect(output.map(({ key }) => key).toSorted()).toEqual([...sent.keys()].toSorted())
      expect(output.flatMap((each) => differences(each, sent.get(each.key), false))).toEqual([])
      expect(
        output.every(({ unknown }) =>
          added ? unknown.length > 0 && unknown.every((number) => number >= 16) : unknown.length === 0,
        ),
      ).toBe(true)
      expect(output.filter(({ same }) => !same)).toEqual([])
    }
  }, 240_000)
})
