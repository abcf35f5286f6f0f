import { expect, onTestFinished, test } from 'vitest'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { ProtoWriter } from '../../codecs/proto-writer/index.ts'
import { snappyCompress } from '../../codecs/snappy/index.ts'
import { realHost } from '../../host/index.ts'
import { configFrom } from '../../schema/index.ts'
import { remoteWriteSourceSchema } from './config.ts'
import { openRemoteWrite } from './source.ts'

const v2Type = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

async function start() {
  const scene = new QueryScene('rw', 1000)
  const config = configFrom(remoteWriteSourceSchema, { listen: '127.0.0.1:0' })
  const host = realHost()
  const source = await openRemoteWrite(config, { ...scene.context(), host })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  onTestFinished(async () => {
    abort.abort()
    await done
  })
  const post = (body: Uint8Array, headers: Record<string, string> = {}) =>
    fetch(`${source.addresses[0] ?? ''}/api/v1/write`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', ...headers },
    })
  const points = () => scene.events.map(({ data, time }) => [time, new TextDecoder().decode(data)])
  return { scene, source, post, points, memory: host.memory }
}

function v2(act: (writer: ProtoWriter) => void, symbols: readonly string[]): Uint8Array {
  const writer = new ProtoWriter()
  for (const symbol of symbols) writer.text(4, symbol)
  const series = writer.begin(5)
  act(writer)
  writer.end(series)
  return snappyCompress(writer.finish())
}

test('samples of 2.0 keep kind, unit, special values and the marker of a stale series', async () => {
  const { post, points, scene } = await start()
  const body = v2(
    (writer) => {
      writer.packed(1, [1, 2, 3, 4])
      for (const [at, put] of [
        [1, () => writer.double(1, 1.5)],
        [2, () => writer.double(1, Number.NaN)],
        [3, () => writer.double(1, -Infinity)],
        [4, () => writer.fixed64(1, 2, 0x7ff00000)],
      ] as const) {
        const sample = writer.begin(2)
        put()
        writer.int(2, at)
        writer.end(sample)
      }
      const histogram = writer.begin(3)
      writer.int(15, 1)
      writer.end(histogram)
      const metadata = writer.begin(5)
      writer.uint(1, 1)
      writer.uint(4, 5)
      writer.end(metadata)
    },
    ['', '__name__', 'up_total', 'job', 'web', 's'],
  )
  const answer = await post(body, { 'content-type': v2Type })
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringMatching(/^1 native histograms are not stored: .* Samples are stored\.\n$/),
  ])
  expect(
    ['samples', 'histograms', 'exemplars'].map((one) => answer.headers.get(`x-prometheus-remote-write-${one}-written`)),
  ).toEqual(['4', '0', '0'])
  const rest = '"kind":"counter","unit":"s"}'
  expect(points()).toEqual([
    [1, `{"name":"up_total","labels":{"job":"web"},"fields":{"value":1.5},${rest}`],
    [2, `{"name":"up_total","labels":{"job":"web"},"fields":{},"special":{"value":"NaN"},${rest}`],
    [3, `{"name":"up_total","labels":{"job":"web"},"fields":{},"special":{"value":"-Inf"},${rest}`],
    [4, `{"name":"up_total","labels":{"job":"web"},"fields":{},"special":{"value":"stale"},${rest}`],
  ])
  expect(scene.shed).toEqual({ native_histogram: 1 })
})

test('wrong types, encodings and malformed requests have the status that the specification names', async () => {
  const { post, points, source } = await start()
  const statuses = async (...answers: readonly Promise<Response>[]) =>
    (await Promise.all(answers)).map(({ status }) => status)
  expect(
    await statuses(
      post(snappyCompress(new Uint8Array(0)), { 'content-type': 'application/json' }),
      post(snappyCompress(new Uint8Array(0)), {
        'content-type': 'application/x-protobuf;proto=io.prometheus.write.v9.X',
      }),
      post(new Uint8Array(3), { 'content-encoding': 'gzip' }),
      post(new Uint8Array([255, 255])),
      post(
        v2((writer) => writer.packed(1, [1, 9]), ['', 'a']),
        { 'content-type': v2Type },
      ),
      post(
        v2((writer) => writer.packed(1, [1, 2]), ['', 'a', 'b']),
        { 'content-type': v2Type },
      ),
    ),
  ).toEqual([415, 415, 400, 400, 400, 400])
  expect(points()).toEqual([])
  expect(source.status().refused).toEqual({ wrong_request: 2, unreadable: 4 })
})

/** Version 1.0. */
function series(writer: ProtoWriter, labels: readonly (readonly [string, string | Uint8Array])[], samples: number) {
  const start = writer.begin(1)
  for (const [name, value] of labels) {
    const label = writer.begin(1)
    writer.text(1, name)
    if (typeof value === 'string') writer.text(2, value)
    else writer.bytes(2, value)
    writer.end(label)
  }
  for (let at = 1; at <= samples; at++) {
    const sample = writer.begin(2)
    writer.double(1, at)
    writer.int(2, at)
    writer.end(sample)
  }
  writer.end(start)
}

test('a series at fault costs no other, and the response names the first and the written samples', async () => {
  const { post, points, scene, source } = await start()
  const writer = new ProtoWriter()
  const many = Array.from({ length: 101 }, (_, index) => [`label${index}`, 'x'] as const)
  series(
    writer,
    [
      ['__name__', 'up'],
      ['job', 'web'],
    ],
    2,
  )
  series(
    writer,
    [
      ['__name__', 'long'],
      ['job', 'x'.repeat(2049)],
    ],
    3,
  )
  series(writer, [['__name__', 'wide'], ...many], 1)
  series(
    writer,
    [
      ['__name__', 'named'],
      ['n'.repeat(1025), 'x'],
    ],
    1,
  )
  series(
    writer,
    [
      ['__name__', 'text'],
      ['job', Uint8Array.of(255)],
    ],
    1,
  )
  series(
    writer,
    [
      ['__name__', 'twice'],
      ['job', 'a'],
      ['job', 'b'],
    ],
    1,
  )
  series(writer, [['job', 'web']], 1)
  series(
    writer,
    [
      ['__name__', 'last'],
      ['job', 'x'.repeat(2048)],
    ],
    1,
  )
  const answer = await post(snappyCompress(writer.finish()))
  expect([answer.status, answer.headers.get('x-prometheus-remote-write-samples-written')]).toEqual([400, '3'])
  expect(await answer.text()).toBe(
    '6 series are not stored, the others are. The first: series long: the value of label job has 2049 bytes, more ' +
      'than 2048 (`max_label_value`).\n',
  )
  expect(points().map(([time]) => time)).toEqual([1, 2, 1])
  expect(scene.shed).toEqual({
    label_value_too_long: 3,
    too_many_labels: 1,
    label_name_too_long: 1,
    invalid_utf8: 1,
    duplicate_label: 1,
    no_name: 1,
  })
  expect(source.status()).toMatchObject({ rows: 3, refused: { unreadable: 1 } })
})

test('a series of 2.0 with symbols above a bound costs no other', async () => {
  const { post, points } = await start()
  const writer = new ProtoWriter()
  for (const symbol of ['', '__name__', 'up', 'job', 'x'.repeat(3000)]) writer.text(4, symbol)
  for (const value of [4, 2]) {
    const start = writer.begin(5)
    writer.packed(1, [1, 2, 3, value])
    const sample = writer.begin(2)
    writer.double(1, 1)
    writer.end(sample)
    writer.end(start)
  }
  const answer = await post(snappyCompress(writer.finish()), { 'content-type': v2Type })
  expect([answer.status, answer.headers.get('x-prometheus-remote-write-samples-written')]).toEqual([400, '1'])
  expect(points()).toEqual([[0, '{"name":"up","labels":{"job":"up"},"fields":{"value":1}}']])
})

test('millions of empty series make no rows, and a false length reserves no memory', async () => {
  const { post, points, memory } = await start()
  expect((await post(snappyCompress(Buffer.alloc(2_000_000, Buffer.from([10, 0]))))).status).toBe(204)
  expect((await post(Uint8Array.of(0xff, 0xff, 0xff, 0x07, 0))).status).toBe(400)
  expect(points()).toEqual([])
  expect([memory.used, memory.peak < 8 << 20]).toEqual([0, true])
})

test('an exemplar is refused in both versions, and the sample beside it is stored', async () => {
  const { post, points, scene, source } = await start()
  const fields = (writer: ProtoWriter, exemplar: number): void => {
    for (const field of [2, exemplar]) {
      const value = writer.begin(field)
      writer.double(field === 2 ? 1 : 2, 1)
      writer.end(value)
    }
  }
  const first = new ProtoWriter()
  const start1 = first.begin(1)
  const label = first.begin(1)
  first.text(1, '__name__')
  first.text(2, 'a')
  first.end(label)
  fields(first, 3)
  first.end(start1)
  const second = v2(
    (writer) => {
      writer.packed(1, [1, 2])
      fields(writer, 4)
    },
    ['', '__name__', 'b'],
  )
  for (const answer of [await post(snappyCompress(first.finish())), await post(second, { 'content-type': v2Type })]) {
    expect(await answer.text()).toBe('1 exemplars are not stored: set `send_exemplars: false`. Samples are stored.\n')
    expect([answer.status, answer.headers.get('x-prometheus-remote-write-samples-written')]).toEqual([400, '1'])
  }
  expect(points().length).toBe(2)
  expect(scene.shed).toEqual({ exemplar: 2 })
  expect(source.status().refused).toEqual({ unreadable: 2 })
})

test('of 2.0 a good series is stored beside one without a name', async () => {
  const { post, points } = await start()
  const writer = new ProtoWriter()
  for (const symbol of ['', 'b', '1', '__name__', 'good']) writer.text(4, symbol)
  for (const refs of [
    [1, 2],
    [3, 4],
  ]) {
    const start = writer.begin(5)
    writer.packed(1, refs)
    const sample = writer.begin(2)
    writer.double(1, 1)
    writer.int(2, 1_795_800_000_000)
    writer.end(sample)
    writer.end(start)
  }
  const answer = await post(snappyCompress(writer.finish()), { 'content-type': v2Type })
  expect([answer.status, answer.headers.get('x-prometheus-remote-write-samples-written')]).toEqual([400, '1'])
  expect(points()).toEqual([[1_795_800_000_000, '{"name":"good","fields":{"value":1}}']])
})

test('a request without an encoding is snappy, as old clients send it', async () => {
  const { source, points } = await start()
  const writer = new ProtoWriter()
  series(writer, [['__name__', 'up']], 1)
  const body = new Uint8Array(snappyCompress(writer.finish()))
  const headers = { 'content-type': 'application/x-protobuf' }
  const answer = await fetch(`${source.addresses[0] ?? ''}/api/v1/write`, { method: 'POST', body, headers })
  expect([answer.status, points().length]).toEqual([204, 1])
})

test('the help text of a metric is beside one sample in ten minutes, in 1.0 and 2.0', async () => {
  const { post, scene } = await start()
  const minute = 60_000
  const sampleAt = (writer: ProtoWriter, at: number): void => {
    const sample = writer.begin(2)
    writer.double(1, at)
    writer.int(2, at)
    writer.end(sample)
  }
  const symbols = ['', '__name__', 'took_seconds_bucket', 'took_seconds_count', 'Time taken.']
  for (const name of [2, 3]) {
    const body = v2((writer) => {
      writer.packed(1, [1, name])
      for (const at of [1, 5 * minute, 11 * minute]) sampleAt(writer, at)
      const metadata = writer.begin(5)
      writer.uint(1, 3)
      writer.uint(3, 4)
      writer.end(metadata)
    }, symbols)
    expect((await post(body, { 'content-type': v2Type })).status).toBe(204)
  }
  const first = new ProtoWriter()
  const metadata = first.begin(3)
  first.uint(1, 1)
  first.text(2, 'jobs_total')
  first.text(4, 'Jobs run.')
  first.text(5, 'jobs')
  first.end(metadata)
  expect((await post(snappyCompress(first.finish()))).status).toBe(204)
  const second = new ProtoWriter()
  series(second, [['__name__', 'jobs_total']], 2)
  expect((await post(snappyCompress(second.finish()))).status).toBe(204)
  const described = scene.events.map(({ subject, data }) => {
    const { help, unit } = JSON.parse(new TextDecoder().decode(data)) as { help?: string; unit?: string }
    return [subject, help, unit]
  })
  const [none, text] = [undefined, 'Time taken.']
  expect(described).toEqual([
    ['took_seconds_bucket', text, none],
    ['took_seconds_bucket', none, none],
    ['took_seconds_bucket', text, none],
    ['took_seconds_count', text, none],
    ['took_seconds_count', none, none],
    ['took_seconds_count', text, none],
    ['jobs_total', 'Jobs run.', 'jobs'],
    ['jobs_total', none, 'jobs'],
  ])
})
