import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { flowFields } from '../../../src/model/fields.ts'
import type { Case, Golden } from './compare.ts'
import { sentIn, type Sent } from './replay.ts'

const columns: Readonly<Record<string, string>> = {
  SamplingRate: 'sampling',
  InIf: 'in_if',
  OutIf: 'out_if',
  SrcVlan: 'vlan',
  DstVlan: 'dst_vlan',
  SrcAddr: 'src_addr',
  DstAddr: 'dst_addr',
  NextHop: 'any_next_hop',
  SrcAS: 'src_as',
  DstAS: 'dst_as',
  SrcNetMask: 'src_mask',
  DstNetMask: 'dst_mask',
  Bytes: 'bytes',
  Packets: 'packets',
  EType: 'etype',
  Proto: 'proto',
  SrcPort: 'src_port',
  DstPort: 'dst_port',
  SrcMAC: 'src_mac',
  DstMAC: 'dst_mac',
  ICMPv4Type: 'icmp_type',
  ICMPv6Type: 'icmp_type',
  ICMPv4Code: 'icmp_code',
  ICMPv6Code: 'icmp_code',
  IPTTL: 'ip_ttl',
  IPTos: 'dscp',
  TCPFlags: 'tcp_flags',
  IPv6FlowLabel: 'flow_label',
  ForwardingStatus: 'forwarding_status',
  FlowDirection: 'direction',
  MPLSLabels: 'mpls_labels',
  IngressVRFID: 'in_vrf',
  EgressVRFID: 'out_vrf',
  SrcAddrNAT: 'xlat_src_addr',
  DstAddrNAT: 'xlat_dst_addr',
  SrcPortNAT: 'xlat_src_port',
  DstPortNAT: 'xlat_dst_port',
}
const constants: Readonly<Record<string, number>> = {
  ETypeIPv4: 0x0800,
  ETypeIPv6: 0x86dd,
  ProtoICMPv4: 1,
  ProtoIPv4: 4,
  ProtoTCP: 6,
  ProtoUDP: 17,
  ProtoIPv6: 41,
  ProtoGRE: 47,
  ProtoICMPv6: 58,
  DirectionIngress: 0,
  DirectionEgress: 1,
}

function valueOf(column: string, go: string): unknown {
  const address = /ParseAddr\("([^"]+)"\)/.exec(go)?.[1]
  if (address !== undefined) return address.replace(/^::ffff:(?=\d+\.)/, '')
  const list = /^\[\]\w+\{([^}]*)\}/.exec(go)?.[1]
  if (list !== undefined) return list.split(',').map((label) => label.trim())
  const text = /\(([^()]+)\)/.exec(go)?.[1] ?? go
  const number = constants[text.split('.').at(-1) ?? ''] ?? Number(text)
  if (column.endsWith('_mac'))
    return number
      .toString(16)
      .padStart(12, '0')
      .replaceAll(/(..)(?!$)/g, '$1:')
  return column === 'dscp' ? number >> 2 : number
}

/** One flow message of Go. */
function golden(text: string): Golden {
  const record: Record<string, unknown> = {}
  for (const [, name = '', go = ''] of text.matchAll(
    /(?:schema\.Column)?(\w+): +((?:\[\]\w+\{[^}]*\}|[\w.]+\("?[^()"]*"?\)|[\w.]+))/g,
  )) {
    const column = columns[name]
    if (column !== undefined) record[column] = valueOf(column, go)
  }
  if (record['proto'] === 1 || record['proto'] === 58) {
    delete record['src_port']
    delete record['dst_port']
  }
  return record
}

const inner: Readonly<Record<string, string>> = {
  src_addr: 'inner_src_addr',
  dst_addr: 'inner_dst_addr',
  src_port: 'inner_src_port',
  dst_port: 'inner_dst_port',
  proto: 'inner_proto',
}
const hasInner = flowFields.some(({ name }) => String(name) === 'inner_src_addr')
const noTunnels = (): string => 'tunnels are not decoded: the row has the outer header'

/** Akvorado replaces the outer header. */
function decapsulated(golden: Golden): Golden {
  if (!hasInner) return golden
  return Object.fromEntries(
    Object.entries(golden).flatMap(([column, value]) => {
      const name = inner[column]
      return name === undefined ? [] : [[name, value]]
    }),
  )
}

/** A flow begins with a brace on a line and ends before the next. */
function goldensOf(block: string): readonly Golden[] {
  const indent = /^(\t+)\{/m.exec(block)?.[1]
  if (indent === undefined) return []
  return block
    .split(new RegExp(`^${indent}(?:\\{|\\}, \\{)$`, 'm'))
    .slice(1)
    .map((part) => golden(part.replaceAll(/\/\/[^\n]*/g, '')))
}

/** Akvorado repeats the only tag of a frame, takes the inner of two, and has an interval of 1 for an unknown one. */
function ofAkvorado(record: Golden, column: string, value: unknown): string | undefined {
  if (column === 'dst_vlan' && record['vlan'] === record['dst_vlan'] && value === undefined)
    return 'IANA element 59: no VLAN of the egress is reported; the tag is of the ingress'
  if (column === 'vlan' && typeof value === 'number')
    return `IANA element 243: of two tags, the outer one (${value}) is the VLAN`
  if (column === 'sampling' && record[column] === 1 && value === undefined)
    return 'the header has an interval of 0, which states none'
  return undefined
}

/** Files are read in order; the flows follow that they give. */
export async function akvoradoCases(folder: string): Promise<readonly Case[]> {
  const cases: Case[] = []
  for (const protocol of ['netflow', 'sflow']) {
    const own = join(folder, 'outlet/flow/decoder', protocol)
    const source = await readFile(join(own, 'root_test.go'), 'utf8')
    for (const test of source.split(/\nfunc (?=Test)|\n\tt\.Run\(/).slice(1)) {
      const files = [...test.matchAll(/ReadPcapL4\(t, filepath\.Join\("testdata", "([^"]+)"/g)].map(
        ([, file = '']) => file,
      )
      const block = /expectedFlows := \[\]\*schema\.FlowMessage\{\n([\s\S]*?)\n\t+\}\n\n?\t+(?:if|got|\/\/)/.exec(
        test,
      )?.[1]
      if (files.length === 0 || block === undefined) continue
      const sent: Sent[] = []
      for (const file of files) sent.push(...sentIn(await readFile(join(own, 'testdata', file))))
      const datagrams = sent.map((one) => ({ ...one, from: '127.0.0.1', port: 2055 }))
      const name = /^(?:"([^"]+)"|(\w+))/.exec(test)
      const isDecapsulated = test.includes('RawFlow_DECAP_')
      cases.push({
        name: `akvorado ${protocol} ${name?.[1] ?? name?.[2] ?? ''}`,
        datagrams,
        goldens: isDecapsulated ? goldensOf(block).map(decapsulated) : goldensOf(block),
        contradicts: isDecapsulated && !hasInner ? noTunnels : ofAkvorado,
      })
    }
  }
  return cases
}
