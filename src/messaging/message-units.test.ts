import { expect, test } from 'vitest'
import { testContext } from '../../test/conformance/batches.ts'
import { TestJournal } from '../../test/conformance/test-journal.ts'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { rejectedType, type MessageReader } from '../codecs/bus-message/read.ts'
import { eventAt } from '../model/events.ts'
import { MessageUnits } from './message-units.ts'

const parsed: MessageReader = ({ place, body }) => [
  {
    id: place,
    source: '/bus',
    type: String(Array.isArray(JSON.parse(Buffer.from(body).toString()))),
    encoding: 'none',
  },
]

function opened(reader: MessageReader | undefined) {
  const host = fakeHost(1)
  host.memory.capacity = 4 << 20
  const context = { ...new TestJournal().context(1), ...testContext(host) }
  const units = new MessageUnits({ codec: 'raw', event_type: 't', parse: null }, context, reader)
  const read = async (text: string) => {
    const message = {
      attributes: {},
      contentType: undefined,
      key: undefined,
      body: Buffer.from(text),
      place: 'p',
      time: 1,
    }
    const types: string[] = []
    for await (const { rows, lease } of units.of([{ message, handles: [1] }])) {
      const batch = rows.batch()
      for (let row = 0; row < batch.count; row++) types.push(eventAt(batch, row).type)
      lease?.release()
    }
    return types
  }
  return { host, units, read }
}

test('a message of which parsing needs more than half of the memory is stored as its bytes', async () => {
  const { host, read } = opened(parsed)
  expect(await read(`[${'[],'.repeat(200_000)}[]]`)).toEqual([rejectedType])
  expect(await read(`[${'[],'.repeat(2000)}[]]`)).toEqual(['true'])
  expect(host.memory.used).toBe(0)
})

test('a message that is not parsed may need the whole memory for decoding', async () => {
  const { read } = opened(undefined)
  expect(await read('x'.repeat(1_300_000))).toEqual(['t'])
  expect(await read('x'.repeat(1_500_000))).toEqual([rejectedType])
})

test('a large message waits while others use the memory', async () => {
  const { host, read } = opened(parsed)
  const others = host.memory.reserve(3 << 20)
  let types: readonly string[] | undefined
  const reading = read(`[${'[],'.repeat(25_000)}[]]`).then((read) => void (types = read))
  await host.advance(1000)
  expect(types).toBeUndefined()
  others.release()
  await host.advance(1000)
  await reading
  expect(types).toEqual(['true'])
})

test('a large message keeps its memory until the journal has it, and no second one is decoded before', async () => {
  const { host, units } = opened(parsed)
  const large = (place: string) => {
    const body = Buffer.from(`[${'[],'.repeat(25_000)}[]]`)
    return {
      message: { attributes: {}, contentType: undefined, key: undefined, body, place, time: 1 },
      handles: [place],
    }
  }
  const found = units.of([large('a'), large('b')])
  const { value: first } = await found.next()
  expect(first?.handles).toEqual(['a'])
  expect(host.memory.used).toBeGreaterThan(1 << 20)
  let second: readonly string[] | undefined
  const reading = found.next().then(({ value }) => void (second = value?.handles))
  await host.advance(1000)
  expect(second).toBeUndefined()
  first?.lease?.release()
  await host.advance(1000)
  await reading
  expect(second).toEqual(['b'])
})
