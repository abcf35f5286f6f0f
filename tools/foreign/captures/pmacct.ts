import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fieldsOf, isRecord, type Fields } from '../../../src/model/json.ts'
import type { Case, Golden } from './compare.ts'
import { protocolNumber } from './protocols.ts'
import { sentIn, type Sent } from './replay.ts'

const flags = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR']
const plain: Readonly<Record<string, string>> = {
  iface_in: 'in_if',
  iface_out: 'out_if',
  ip_src: 'src_addr',
  ip_dst: 'dst_addr',
  port_src: 'src_port',
  port_dst: 'dst_port',
  mac_src: 'src_mac',
  mac_dst: 'dst_mac',
  vlan_in: 'vlan',
  packets: 'packets',
  bytes: 'bytes',
}

function golden(line: string): Golden {
  const record: unknown = JSON.parse(line)
  if (!isRecord(record)) return {}
  const entry: Record<string, unknown> = {}
  for (const [name, column] of Object.entries(plain)) if (name in record) entry[column] = record[name]
  const { ip_proto: proto, tos, tcp_flags: tcp, mpls_label_stack: labels, custom_primitives: value } = record
  if (typeof proto === 'string') entry['proto'] = protocolNumber(proto) ?? proto
  if (typeof tos === 'number') entry['dscp'] = tos >> 2
  if (Array.isArray(tcp))
    entry['tcp_flags'] = tcp.reduce<number>((sum, flag) => sum | (1 << flags.indexOf(String(flag))), 0)
  if (Array.isArray(labels)) entry['mpls_labels'] = labels.map((label) => String(label).split('-').at(-1))
  return { ...entry, ...vrfs(fieldsOf(value)) }
}

function vrfs({ vrf_id_ingress: ingress, vrf_id_egress: egress }: Fields): Golden {
  return {
    ...(ingress === undefined ? {} : { in_vrf: Number(ingress) }),
    ...(egress === undefined ? {} : { out_vrf: Number(egress) }),
  }
}

const ofMap = (record: Golden, column: string, value: unknown): string | undefined =>
  Number(record[column]) % Number(value) === 0 ? 'the interval is of the sampling map of pmacct' : undefined

/** Rows of pmacct are sums of an interval by all other columns. */
export async function pmacctCases(folder: string): Promise<readonly Case[]> {
  const own = join(folder, 'tests')
  const cases: Case[] = []
  const folders = (await readdir(own, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  for (const test of folders.map(({ name }) => name).toSorted()) {
    const files = await readdir(join(own, test))
    if (!files.includes('output-flow-00.json')) continue
    const sent: Sent[] = []
    for (const file of files.filter((name) => name.endsWith('.pcap')).toSorted())
      sent.push(...sentIn(await readFile(join(own, test, file))))
    const config = await readFile(join(own, test, 'nfacctd-00.conf'), 'utf8')
    const outputs = files.filter((name) => /^output-flow-\d+\.json$/.test(name)).toSorted()
    const texts = await Promise.all(outputs.map((file) => readFile(join(own, test, file), 'utf8')))
    const lines = texts
      .join('\n')
      .split('\n')
      .filter((line) => line.trim() !== '')
    cases.push({
      name: `pmacct ${test}`,
      datagrams: sent,
      goldens: lines.map(golden),
      sums: /^nfacctd_renormalize: *true/m.test(config) ? 'estimated' : 'reported',
      contradicts: /^sampling_map:/m.test(config) ? ofMap : undefined,
    })
  }
  return cases
}
