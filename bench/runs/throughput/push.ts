// The client of the throughput run, a separate process: `node push.ts PORT CONNECTIONS PER_REQUEST REQUESTS SEED
// FIRST_ID`. It writes only the ids into prepared bodies. Prints one line of JSON.
import { connect } from 'node:net'
import { once } from 'node:events'
import { SeededRandom } from '../../../test/kit/random.ts'
import { auditEntry } from './batches.ts'

const [port = 0, connections = 0, perRequest = 0, requests = 0, seed = 0, firstId = 0] = process.argv
  .slice(2)
  .map(Number)
const digits = 9
/** Replaced by the id. */
const placeholder = '#'.repeat(digits)

interface Body {
  readonly bytes: Buffer
  /** Offsets of ids. */
  readonly places: readonly number[]
}

function makeBody(random: SeededRandom): Body {
  const events = Array.from(
    { length: perRequest },
    () =>
      `{"specversion":"1.0","id":"${placeholder}","source":"/bench/push","type":"io.example.audit","time":"2026-11-20T08:00:00.000Z","datacontenttype":"application/json","data":${auditEntry(random, 1000)}}`,
  )
  const body = `[${events.join(',')}]`
  const head =
    `POST /events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ` +
    `application/cloudevents-batch+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  const bytes = Buffer.from(head + body)
  const places: number[] = []
  for (let at = bytes.indexOf(placeholder); at !== -1; at = bytes.indexOf(placeholder, at + digits)) places.push(at)
  return { bytes, places }
}

let nextId = firstId
let sent = 0
let acknowledged = 0
const latencies: number[] = []
const random = new SeededRandom(seed)
const bodies = Array.from({ length: connections }, () => Array.from({ length: 4 }, () => makeBody(random)))

async function work(own: readonly Body[]) {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  await once(socket, 'connect')
  let waiting: (() => void) | undefined
  let text = ''
  socket.on('data', (piece) => {
    text += piece.toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN)
    if (end !== -1 && text.length >= end + 4 + length) waiting?.()
  })
  const broken = new Promise<never>((_, reject) => {
    socket.on('error', reject).on('close', () => reject(new Error('the server closed a connection')))
  })
  broken.catch(() => {})
  for (let turn = 0; sent < requests; turn++) {
    sent++
    const { bytes, places } = own[turn % own.length] as Body
    for (const place of places) bytes.write(String(nextId++).padStart(digits, '0'), place, 'latin1')
    text = ''
    const answered = new Promise<void>((resolve) => {
      waiting = resolve
    })
    const started = performance.now()
    socket.write(bytes)
    await Promise.race([answered, broken])
    if (!text.startsWith('HTTP/1.1 200') || !text.includes(`"accepted":${perRequest},"duplicates":0`))
      throw new Error(`unexpected answer: ${text}`)
    latencies.push(performance.now() - started)
    acknowledged += perRequest
  }
  socket.destroy()
}

const started = performance.now()
const cpu = process.cpuUsage()
await Promise.all(bodies.map(work))
const { user, system } = process.cpuUsage(cpu)
console.log(
  JSON.stringify({
    acknowledged,
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    bytes: bodies[0]?.[0]?.bytes.length ?? 0,
    latencies,
  }),
)
