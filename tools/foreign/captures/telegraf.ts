import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Case, Golden } from './compare.ts'
import { protocolNumber } from './protocols.ts'
import { sentWhole } from './replay.ts'

const columns: Readonly<Record<string, string>> = {
  src: 'src_addr',
  dst: 'dst_addr',
  src_port: 'src_port',
  dst_port: 'dst_port',
  protocol: 'proto',
  in_bytes: 'bytes',
  in_packets: 'packets',
  in_total_bytes: 'bytes',
  in_total_packets: 'packets',
  flow_start_ms: 'time_start',
  flow_end_ms: 'time_end',
  in_snmp: 'in_if',
  out_snmp: 'out_if',
  src_mask: 'src_mask',
  dst_mask: 'dst_mask',
  bgp_src_as: 'src_as',
  bgp_dst_as: 'dst_as',
  next_hop: 'next_hop',
  tcp_flags: 'tcp_flags',
  icmp_type: 'icmp_type',
  icmp_code: 'icmp_code',
  src_tos: 'dscp',
  vlan_src: 'vlan',
  in_src_mac: 'src_mac',
  in_dst_mac: 'dst_mac',
  direction: 'direction',
  ttl: 'ip_ttl',
  sampling_interval: 'sampling',
}
/** Of a sample these are the pool, not the flow. */
const pool = new Set(['in_total_packets', 'in_bytes', 'in_packets'])

function valueOf(column: string, text: string): unknown {
  const plain = text.startsWith('"') ? text.slice(1, -1) : Number(text.replace(/[ui]$/, ''))
  if (typeof plain === 'number') return column === 'dscp' ? plain >> 2 : plain
  if (column === 'proto') return protocolNumber(plain)
  if (column === 'direction') return plain === 'egress' ? 1 : 0
  if (column === 'dscp') return Number(plain) >> 2
  if (column === 'tcp_flags') return plain.split('').reduce((flags, letter) => flags * 2 + (letter === '.' ? 0 : 1), 0)
  return plain
}

/** Undefined: options and counters of interfaces. */
function golden(line: string): Golden | undefined {
  const at = line.indexOf(' ')
  if (!line.startsWith('netflow,')) return undefined
  const isSflow = line.slice(0, at).endsWith('sFlowV5')
  const record: Record<string, unknown> = {}
  for (const [, name = '', text = ''] of line.slice(at + 1).matchAll(/([^=, ]+)=("(?:[^"\\]|\\.)*"|[^, ]+)/g)) {
    const column = columns[name]
    if (column === undefined || (isSflow && pool.has(name))) continue
    const value = valueOf(column, text)
    if (value === undefined) throw new Error(`${name}=${text}`)
    record[column] = value
  }
  if (record['proto'] === 1 || record['proto'] === 58) {
    delete record['src_port']
    delete record['dst_port']
  } else {
    delete record['icmp_type']
    delete record['icmp_code']
  }
  return 'src_addr' in record ? record : undefined
}

/** Telegraf reads the interface of the data source as the input, and the first extension header as the protocol. */
function ofSample(record: Golden, column: string, value: unknown): string | undefined {
  if (column === 'in_if' && typeof value === 'number')
    return `sFlow 5: the input is ${value}, ${String(record[column])} is the data source`
  if (column === 'proto' && record[column] === 0 && typeof value === 'number')
    return `IANA element 4: the protocol is in the last extension header, ${value}`
  return undefined
}

export async function telegrafCases(folder: string): Promise<readonly Case[]> {
  const own = join(folder, 'plugins/inputs/netflow/testcases')
  const tests = (await readdir(own, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  return Promise.all(
    tests.map(async ({ name }) => {
      const files = (await readdir(join(own, name))).filter((file) => file.endsWith('.bin')).toSorted()
      const lines = (await readFile(join(own, name, 'expected.out'), 'utf8')).split('\n')
      return {
        name: `telegraf ${name}`,
        datagrams: await Promise.all(files.map(async (file) => sentWhole(await readFile(join(own, name, file))))),
        goldens: lines.map(golden).filter((record) => record !== undefined),
        contradicts: name.startsWith('sflow') ? ofSample : undefined,
      }
    }),
  )
}
