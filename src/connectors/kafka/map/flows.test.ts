import { expect, test } from 'vitest'
import { busMessage } from '../../../codecs/bus-message/index.ts'
import { agentForm, flowForm } from '../../../codecs/flow-forms/index.ts'
import { randomBatch } from '../../../codecs/flow-json/testing/random-batch.ts'
import type { SinkPiece } from '../../../engine/contracts.ts'
import { sinkRows } from '../../../engine/delivery/rows.ts'
import { flowBatch } from '../../../../test/conformance/batches.ts'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { flowKey } from './flow-key.ts'
import { FlowRecords } from './flows.ts'
import { outboxOf, type Outbox } from './outbox.ts'
import { partitioners } from './partition.ts'
import { topicOf } from './topic.ts'
import { toMessage } from '../map.ts'

const seeds = 60

interface Read {
  readonly topic: string
  readonly id: string
  readonly hash: number
  readonly record: string
}

function read(outbox: Outbox): Read[] {
  const { records } = outbox
  return Array.from({ length: records.count }, (_, at) => ({
    topic: outbox.topic(at),
    id: outbox.id(at),
    hash: records.hash(at),
    record: records.out.slice(records.start(at), records.start(at + 1)).toString('latin1'),
  }))
}

/** Pieces with random columns and some of their rows. */
function randomPieces(random: SeededRandom): SinkPiece[] {
  const [piece] = flowBatch(1, 't').batch.pieces
  return Array.from({ length: random.integer(1, 4) }, (_, at) => {
    const batch = randomBatch(random)
    const rows = Uint32Array.from({ length: batch.count }, (_, row) => row).filter(() => random.integer(0, 2) > 0)
    const header = {
      ...piece!.header,
      source: random.pick(['agents', 'x'.repeat(60)]),
      sourceSequence: at,
      received: 5,
    }
    return { header, batch, rows, firstRow: random.pick([0, 7, 4_000_000_000]) }
  })
}

test.each([
  ['netobserv-json', 'raw'],
  ['netobserv-json', 'binary'],
  ['json', 'binary'],
  ['pbflow', 'raw'],
] as const)('records from columns equal those of messages (%s, %s)', async (codec, mode) => {
  const form = codec === 'pbflow' ? await agentForm() : flowForm({ codec, tcp_flags: 'number' })
  for (let seed = 1; seed <= seeds; seed++) {
    const random = new SeededRandom(seed)
    const pieces = randomPieces(random)
    const [partitioner, keyed, slice] = [random.pick(partitioners), random.integer(0, 1) === 0, random.integer(1, 30)]
    const topic = topicOf('weir.{family}-{source}')
    const messages = [...sinkRows({ token: '', count: 0, pieces, retried: false }, form)].map((row) => {
      const key = keyed && row.flow !== undefined ? flowKey(row.flow.batch, row.flow.row) : undefined
      return toMessage(busMessage(row, row.event, mode), topic(row), key)
    })
    const flows = new FlowRecords({ form, mode, partitioner, keyed, topic, slice })
    const found: Read[] = []
    for (const outbox of flows.outboxes(pieces)) {
      expect(outbox.records.count).toBeLessThanOrEqual(slice)
      found.push(...read(outbox))
    }
    expect(found, `seed ${seed}`).toEqual(read(outboxOf(messages, partitioner)))
    expect(new Set(found.map((one) => one.topic))).toEqual(new Set(flows.topics(pieces)))
  }
})
