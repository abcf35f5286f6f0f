import * as fs from 'node:fs/promises'
import { basename } from 'node:path'

type PortHolder = Readonly<{
  pid: number
  command: string
}>

type Protocol = 'udp' | 'tcp'

const listening: Record<Protocol, string> = { tcp: '0A', udp: '07' }

/** From the kernel's tables. Processes of other users and containers are invisible; empty except on Linux. */
export async function portHolders(protocol: Protocol, port: number): Promise<PortHolder[]> {
  const inodes = new Set<string>()
  for (const family of ['', '6']) {
    for (const socket of await socketTable(`${protocol}${family}`)) {
      if (socket.port === port && socket.state === listening[protocol]) inodes.add(`socket:[${socket.inode}]`)
    }
  }
  return inodes.size === 0 ? [] : holdersOf(inodes)
}

type KernelSocket = Readonly<{
  /** Hexadecimal; each 32-bit word in native byte order. */
  address: string
  port: number
  state: string
  inode: string
  /** Datagrams that the kernel dropped because the receive buffer was full; 0 for TCP. */
  drops: number
}>

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
  const holders: PortHolder[] = []
  for (const pid of await names('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const descriptor of await names(`/proc/${pid}/fd`)) {
      // The process can end meanwhile.
      const target = await fs.readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (!inodes.has(target)) continue
      holders.push({ pid: Number(pid), command: await commandOf(pid) })
      break
    }
  }
  return holders
}

/** The kernel's process name is useless for Node. */
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
