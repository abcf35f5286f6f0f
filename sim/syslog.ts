// Syslog of a Cisco ASA and of a switch with IOS, over UDP.
import { createSocket, type Socket } from 'node:dgram'
import { isDenied } from './firewall.ts'
import type { Flow } from './flow.ts'

const linkChangeMs = 15_000
const mostRefusals = 2

export class BranchLogs {
  readonly #socket: Socket
  readonly #host: string
  readonly #port: number
  #number = 0
  #changed: number

  constructor(to: string, started: number) {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(to) ?? []
    this.#socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').unref()
    this.#host = host
    this.#port = Number(port)
    this.#changed = started
  }

  report(flows: readonly Flow[], now: number): void {
    const lines = flows
      .filter(isDenied)
      .slice(0, mostRefusals)
      .map((flow) => refusal(flow, now))
    if (now - this.#changed >= linkChangeMs) {
      this.#changed = now
      lines.push(linkChange(now, ++this.#number))
    }
    for (const line of lines) this.#socket.send(line, this.#port, this.#host, () => {})
  }

  close(): void {
    this.#socket.close()
  }
}

export function refusal({ src, dst, srcPort, dstPort }: Flow, now: number): string {
  const year = new Date(now).getUTCFullYear()
  return (
    `<164>${dayOf(now)} ${year} ${clockOf(now).slice(0, 8)} branch-fw : %ASA-4-106023: Deny tcp src ` +
    `outside:${src}/${srcPort} dst inside:${dst}/${dstPort} by access-group "outside_in" [0x7f3a10c2, 0x1b528e01]`
  )
}

/** `*`: the clock is not synchronized. */
export function linkChange(now: number, number: number): string {
  return (
    `<189>${number}: branch-sw: *${dayOf(now)} ${clockOf(now)}: %LINEPROTO-5-UPDOWN: Line protocol on Interface ` +
    `GigabitEthernet0/7, changed state to ${number % 2 === 0 ? 'up' : 'down'}`
  )
}

function dayOf(now: number) {
  const time = new Date(now)
  return `${time.toUTCString().slice(8, 11)} ${String(time.getUTCDate()).padStart(2)}`
}

function clockOf(now: number) {
  return new Date(now).toISOString().slice(11, 23)
}
