// A client that posts single events, a separate process: `node load.ts PORT CONNECTIONS SECONDS RATE SEED`. RATE 0:
// each connection posts again when it is answered. Prints one line of JSON; latencies in ms, from the planned time.
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { SeededRandom } from '../../../test/kit/random.ts'

const [port = 0, connections = 0, seconds = 0, rate = 0, seed = 0] = process.argv.slice(2).map(Number)
const random = new SeededRandom(seed)
const types = ['com.example.order.placed', 'com.example.order.paid', 'com.example.stock.changed'] as const
const latencies: number[] = []
let count = 0
let refused = 0

/** About 420 bytes. Ids are unique in the run of a seed. */
function nextRequest(): string {
  const number = count++
  const amount = Math.floor(random.next() * 1e5) / 100
  const event = {
    specversion: '1.0',
    id: `${seed}-${number.toString(16).padStart(16, '0')}`,
    source: `/bench/events/${number % 16}`,
    type: types[number % types.length],
    subject: `order-${Math.floor(random.next() * 5000)}`,
    time: new Date(1_790_000_000_000 + number).toISOString(),
    datacontenttype: 'application/json',
    data: {
      order: number,
      customer: `customer-${Math.floor(random.next() * 9000)}`,
      amount,
      currency: 'EUR',
      items: [{ sku: `A-${Math.floor(random.next() * 700)}`, count: 1 + (number % 9) }],
      note: `left at the door of number ${number % 77}`,
    },
  }
  const body = JSON.stringify(event)
  return (
    `POST /events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/cloudevents+json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`
  )
}

async function open() {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  return socket
}

async function post(socket: Socket, planned: number) {
  socket.write(nextRequest())
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (answer.toString('latin1', 9, 12) !== '200') refused++
  latencies.push(performance.now() - planned)
}

const sockets = await Promise.all(Array.from({ length: connections }, open))
const started = performance.now()
const end = started + seconds * 1000

async function closedLoop(socket: Socket) {
  while (performance.now() < end) await post(socket, performance.now())
}

async function paced() {
  const idle = [...sockets]
  const open = new Set<Promise<void>>()
  for (let planned = started; planned < end; planned += 1000 / rate) {
    await sleep(Math.max(0, planned - performance.now()))
    while (idle.length === 0) await Promise.race(open)
    const socket = idle.pop()!
    const posted: Promise<void> = post(socket, planned).finally(() => {
      idle.push(socket)
      open.delete(posted)
    })
    open.add(posted)
  }
  await Promise.all(open)
}

await (rate > 0 ? paced() : Promise.all(sockets.map(closedLoop)))
console.log(
  JSON.stringify({ events: latencies.length, refused, seconds: (performance.now() - started) / 1000, latencies }),
)
for (const socket of sockets) socket.destroy()
