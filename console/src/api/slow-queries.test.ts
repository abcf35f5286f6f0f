import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { request, textOf } from './client.ts'

type Sent = Readonly<{ path: string; respond: (answer: Response) => void; fail: (error: Error) => void }>

let sent: Sent[] = []
let ended: AbortController

const paths = () => sent.map(({ path }) => path)

/** Outlasts all promises that are settled already. */
const settled = () => new Promise((resolve) => setTimeout(resolve))

const query = (path: string, signal = ended.signal) => {
  const result = request(path, { signal })
  result.catch(() => undefined)
  return result
}

beforeEach(() => {
  sent = []
  ended = new AbortController()
  vi.stubGlobal('fetch', (path: string, { signal }: RequestInit) => {
    signal?.throwIfAborted()
    return new Promise<Response>((respond, fail) => {
      signal?.addEventListener('abort', () => fail(signal.reason as Error))
      sent.push({ path, respond, fail })
    })
  })
})

afterEach(async () => {
  ended.abort()
  await settled()
  vi.unstubAllGlobals()
})

const six = ['series', 'flows', 'topology', 'events/series', 'conversations', 'sql'].map((name) => `/api/v1/${name}`)

test('a small request does not wait while six slow queries are requested', async () => {
  for (const path of six) void query(path)
  await settled()
  expect(paths()).toEqual(six.slice(0, 4))
  for (const path of ['ledger', 'pipeline', 'me', 'fields', 'flow']) void query(`/api/v1/${path}`)
  await settled()
  expect(paths().slice(4)).toEqual(['ledger', 'pipeline', 'me', 'fields', 'flow'].map((name) => `/api/v1/${name}`))
})

test('queued queries start in order, after the body of an earlier one or its failure', async () => {
  for (const path of six) void query(path)
  let body: ReadableStreamDefaultController<Uint8Array> | undefined
  sent[2]!.respond(new Response(new ReadableStream({ start: (controller) => void (body = controller) })))
  await settled()
  expect(sent).toHaveLength(4)
  body!.enqueue(new TextEncoder().encode('{}'))
  body!.close()
  await settled()
  expect(paths().slice(4)).toEqual(six.slice(4, 5))
  sent[0]!.fail(new TypeError('connection lost'))
  await settled()
  expect(paths().slice(4)).toEqual(six.slice(4))
})

test('an aborted query is not sent, and those after it start', async () => {
  for (const path of six.slice(0, 4)) void query(path)
  const left = new AbortController()
  const aborted = query('/api/v1/audit', left.signal)
  const after = query('/api/v1/changes')
  left.abort(new Error('the page was left'))
  await expect(aborted).rejects.toThrow('the page was left')
  await expect(query('/api/v1/audit', left.signal)).rejects.toThrow('the page was left')
  expect(sent).toHaveLength(4)
  sent[0]!.respond(Response.json({}))
  await settled()
  expect(paths().slice(4)).toEqual(['/api/v1/changes'])
  sent[4]!.respond(Response.json({ rows: [] }))
  expect(await after).toEqual({ rows: [] })
})

test('texts of stored rows count, and all places are free again after them', async () => {
  for (let round = 0; round < 3; round++) {
    const texts = Array.from({ length: 4 }, () => textOf('/api/v1/investigate?format=md'))
    expect(sent).toHaveLength(4)
    for (const { respond } of sent) respond(new Response('# Report'))
    expect(await Promise.all(texts)).toEqual(Array.from({ length: 4 }, () => '# Report'))
    sent = []
  }
})
