// The load sender is a separate process, so that its CPU time is not counted: `node send.ts
// '{"port":2055,"protocol":"netflow9","perDatagram":24,"addresses":60000,"seed":1,"rate":200000,"flows":1000000}'`.
// Prints its totals as one line of JSON.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setImmediate as yieldLoop, setTimeout as sleep } from 'node:timers/promises'
import { ExportLoad, type LoadOptions } from './exports.ts'

export interface SendOptions extends LoadOptions {
  readonly port: number
  readonly rate: number
  readonly flows: number
}

export interface SendResult {
  readonly flows: number
  readonly bytes: number
  readonly packets: number
  readonly datagrams: number
  readonly wireBytes: number
  readonly seconds: number
  readonly cpuSeconds: number
}

const tickMs = 2
/** Highest rate after a delay, as a multiple of `rate`. */
const catchUp = 1.5
const options = JSON.parse(process.argv[2] ?? '{}') as SendOptions
const load = new ExportLoad(options)
const socket = createSocket({ type: 'udp4', sendBufferSize: 4 * 1024 * 1024 })
// The receiver may be down.
socket.on('error', () => {})
socket.connect(options.port, '127.0.0.1')
await once(socket, 'connect')

const started = performance.now()
let waiting = 0
let last = started
while (load.flows < options.flows) {
  const time = performance.now()
  // After a pause, datagrams are sent a little faster instead of in a burst.
  const most = load.flows + (Math.min(time - last, 4 * tickMs) / 1000) * options.rate * catchUp
  const due = Math.min(options.flows, ((time - started) / 1000) * options.rate, most)
  last = time
  const now = Date.now()
  while (load.flows < due) {
    waiting++
    socket.send(load.next(now), () => {
      waiting--
    })
  }
  await sleep(tickMs)
  while (waiting > 1000) await yieldLoop()
}
while (waiting > 0) await yieldLoop()
socket.close()
const { user, system } = process.cpuUsage()
const { flows, bytes, packets, datagrams, wireBytes } = load
const result: SendResult = {
  flows,
  bytes,
  packets,
  datagrams,
  wireBytes,
  seconds: (performance.now() - started) / 1000,
  cpuSeconds: (user + system) / 1e6,
}
console.log(JSON.stringify(result))
