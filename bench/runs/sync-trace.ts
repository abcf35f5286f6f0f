// `kill -9` proves no sync, because the kernel keeps the writes of a dead process. By the system calls, the response to
// each request must follow an fdatasync of its frame and a sync of the segment's name.
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { dirname, join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { decodeBatch } from '../../src/journal/index.ts'
import { decodeHeader } from '../../src/journal/frame.ts'
import { eventId } from '../../src/model/events.ts'
import type { AcceptanceRun } from '../harness.ts'
import { some } from '../../test/kit/delivered.ts'
import { bytesOf, openedPath, parseTrace, straceArguments, type Call } from '../../test/kit/strace.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { install } from '../../test/real/install/apt.ts'
import { strace } from '../../test/real/install/strace.ts'

const writes = ['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg']
const syncs = ['fdatasync', 'fsync']

/** Requests of one connection, in order. */
interface TracedRequests {
  readonly port: number
  readonly ids: readonly string[]
}

export default {
  name: 'sync-trace',
  issue: '2.3',
  title: 'Each acknowledged request follows an fdatasync of its frame, as the system calls show.',
  async run(context) {
    const program = await install(strace)
    if (program.path === undefined) return context.skip(program.reason)
    const file = join(context.folder, 'trace')
    await using weir = await startWeir({
      folder: context.folder,
      // Small segments, so that new ones are created during the run.
      config: { journal: { segment: '64KiB' } },
      through: [program.path, ...straceArguments(file, [...writes, ...syncs, 'openat'])],
    })
    const each = context.size(400, 50)
    const results = await Promise.all([0, 1, 2, 3].map((connection) => ask(weir.url, connection, each)))
    // The tracer forwards the signal and ends with the program.
    const ended = await weir.stop()
    context.expect(ended.code === 0, 'it stops with exit code 0')

    const calls = parseTrace(await readFile(file, 'latin1'))
    const frames = framesOf(calls)
    const answers = answersOf(calls, weir.ports.api)
    const verdicts = results.flatMap(({ port, ids }) =>
      ids.map((id, index) => judge(id, frames.get(id), answers.get(port)?.[index], calls)),
    )
    const bad = verdicts.filter((verdict) => verdict !== undefined)
    context.figure('acknowledged requests', verdicts.length)
    context.figure('system calls checked', calls.length)
    const groups = calls.filter((call) => call.name === 'fdatasync' && call.target.endsWith('.seg')).length
    context.figure('syncs of segments', groups)
    context.figure('segments', new Set([...frames.values()].map((call) => call.target)).size)
    context.expect(verdicts.length === each * results.length, 'every request was acknowledged')
    context.expect(
      bad.length === 0,
      `each answer was written after the sync of its frame and of its segment's name (${some(bad)})`,
    )
    context.expect(groups > 0 && groups < verdicts.length + frames.size, 'concurrent requests shared a sync')
  },
} satisfies AcceptanceRun

async function ask(url: string, connection: number, count: number): Promise<TracedRequests> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ids: string[] = []
  const ports = new Set<number>()
  for (let i = 0; i < count; i++) {
    const id = `${connection}-${i}`
    const { status, port } = await post(url, agent, id)
    if (status !== 200) throw new Error(`event ${id} was answered ${status}`)
    ids.push(id)
    ports.add(port)
  }
  agent.destroy()
  if (ports.size !== 1) throw new Error(`connection ${connection} did not stay the same`)
  return { port: [...ports][0] ?? 0, ids }
}

function post(url: string, agent: Agent, id: string): Promise<{ status: number; port: number }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': '/test',
      'ce-type': 'traced',
    }
    const outgoing = request(`${url}/events`, { method: 'POST', agent, headers }, (answer) => {
      const port = answer.socket.localPort ?? 0
      answer
        .resume()
        .on('end', () => resolve({ status: answer.statusCode ?? 0, port }))
        .on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end('{"small":true}')
  })
}

/** The write of each event to a segment, by id. Frames are read from the written bytes. */
function framesOf(calls: readonly Call[]): Map<string, Call> {
  const frames = new Map<string, Call>()
  for (const call of calls) {
    if (!writes.includes(call.name) || !call.target.endsWith('.seg')) continue
    const bytes = bytesOf(call)
    // Extends the file before a write.
    if (bytes.length === 1 && bytes[0] === 0) continue
    for (let at = 0; at < bytes.length;) {
      const found = decodeHeader(bytes, at)
      if (found.is !== 'header') throw new Error(`the bytes written to ${call.target} are no frame`)
      const { header, headerBytes, zstd } = found.decoded
      const body = bytes.subarray(at + headerBytes, at + headerBytes + header.bodyBytes)
      at += headerBytes + header.bodyBytes
      if (header.kind !== 'events') continue
      const batch = decodeBatch('events', new Uint8Array(zstd ? zstdDecompressSync(body) : body))
      if (batch.kind === 'events') for (let row = 0; row < batch.count; row++) frames.set(eventId(batch, row), call)
    }
  }
  return frames
}

/** First writes of the 200 responses to each client port, in order. */
function answersOf(calls: readonly Call[], port: number): Map<number, Call[]> {
  const answers = new Map<number, Call[]>()
  for (const call of [...calls].sort((a, b) => a.began - b.began)) {
    const client = new RegExp(`^TCP:\\[127\\.0\\.0\\.1:${port}->127\\.0\\.0\\.1:(\\d+)\\]$`).exec(call.target)?.[1]
    if (
      client === undefined ||
      !writes.includes(call.name) ||
      !bytesOf(call).toString('latin1').startsWith('HTTP/1.1 200')
    )
      continue
    answers.set(Number(client), [...(answers.get(Number(client)) ?? []), call])
  }
  return answers
}

/** The fault in one request; undefined if the order was right. */
function judge(
  id: string,
  frame: Call | undefined,
  answer: Call | undefined,
  calls: readonly Call[],
): string | undefined {
  if (frame === undefined) return `${id}: no frame was written`
  if (answer === undefined) return `${id}: no answer was written`
  const synced = (name: string, target: string, after: number) =>
    calls.some(
      (call) =>
        call.name === name &&
        call.target === target &&
        call.result === 0 &&
        call.began > after &&
        call.done < answer.began,
    )
  if (!synced('fdatasync', frame.target, frame.done))
    return `${id}: answered on line ${answer.began}, not synced since line ${frame.done}`
  const made = calls.find(
    (call) =>
      call.name === 'openat' && call.result >= 0 && openedPath(call).creates && openedPath(call).path === frame.target,
  )
  if (made === undefined) return `${id}: its segment was never made`
  return synced('fsync', dirname(frame.target), made.done)
    ? undefined
    : `${id}: the folder was not synced after its segment was made`
}
