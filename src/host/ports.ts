import * as fs from 'node:fs/promises'
import { basename } from 'node:path'

/** A process that has a port open. */
export interface PortHolder {
  readonly pid: number
  /** Its program, with the script where an interpreter runs one. */
  readonly command: string
}

type Protocol = 'udp' | 'tcp'

/** State of a listening TCP socket in the kernel's table. UDP sockets that receive from anyone are in state 07. */
const listening: Record<Protocol, string> = { tcp: '0A', udp: '07' }

/**
 * Who listens on a port of this machine, as far as the kernel's tables tell us: processes of other users and other
 * containers stay hidden, and other systems than Linux have no such tables. Then the list is empty.
 */
export async function whoListens(protocol: Protocol, port: number): Promise<PortHolder[]> {
  const inodes = new Set<string>()
  for (const family of ['', '6']) {
    for (const socket of await socketTable(`${protocol}${family}`)) {
      if (socket.port === port && socket.state === listening[protocol]) inodes.add(`socket:[${socket.inode}]`)
    }
  }
  return inodes.size === 0 ? [] : holdersOf(inodes)
}

/** One line of /proc/net/{udp,tcp}{,6}. */
export interface KernelSocket {
  /** Address as the kernel writes it: each 32-bit word in the machine's own byte order, in hex. */
  readonly address: string
  readonly port: number
  readonly state: string
  readonly inode: string
  /** Datagrams the kernel threw away because the receive buffer was full; 0 for TCP. */
  readonly drops: number
}

/** Sockets of one table (`udp`, `udp6`, `tcp`, `tcp6`); empty where there is none. */
export async function socketTable(table: string): Promise<KernelSocket[]> {
  let text: string
  try {
    text = await fs.readFile(`/proc/net/${table}`, 'latin1')
  } catch {
    return []
  }
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const words = line.trim().split(/\s+/)
      const [address = '', hexPort = ''] = (words[1] ?? '').split(':')
      const port = Number.parseInt(hexPort, 16)
      const inode = words[9]
      if (Number.isNaN(port) || inode === undefined) return []
      const drops = table.startsWith('udp') ? Number(words[12] ?? 0) : 0
      return [{ address, port, state: words[3] ?? '', inode, drops }]
    })
}

async function holdersOf(inodes: ReadonlySet<string>): Promise<PortHolder[]> {
  const found: PortHolder[] = []
  for (const pid of await names('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const descriptor of await names(`/proc/${pid}/fd`)) {
      // A process may end, or close a descriptor, while we look.
      const target = await fs.readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (!inodes.has(target)) continue
      found.push({ pid: Number(pid), command: await commandOf(pid) })
      break
    }
  }
  return found
}

/** Program and script of a process: the kernel's own name for it is that of its main thread, which says little of a Node program. */
async function commandOf(pid: string): Promise<string> {
  const line = await fs.readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const [program = '', script = ''] = line.split('\0')
  const name = basename(program)
  if (name === '') return 'a process'
  return /^(?:node|python[\d.]*|java|ruby|perl)$/.test(name) && script !== '' && !script.startsWith('-')
    ? `${name} ${basename(script)}`
    : name
}

async function names(path: string): Promise<string[]> {
  return fs.readdir(path).catch(() => [])
}
