import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Case, Golden } from './compare.ts'
import { sentWhole } from './replay.ts'

/** Ethernet, IPv4 and UDP. */
const headers = 42
/** Above are forms of interfaces that are none: several, discarded, unknown. */
const lastInterface = 0x3f_ff_ff_fe

function datagramsIn(source: string): ReadonlyMap<string, Uint8Array> {
  const datagrams = new Map<string, Uint8Array>()
  for (const [, name = '', body = ''] of source.matchAll(/var (SFlowTestPacket\d+) = \[\]byte\{([^}]*)\}/g)) {
    const bytes = Buffer.from(
      [...body.matchAll(/0x([0-9a-f]{1,2})\b/gi)].map(([, hex = '']) => Number.parseInt(hex, 16)),
    )
    datagrams.set(name, bytes.readUInt32BE(0) === 5 ? bytes : bytes.subarray(headers))
  }
  return datagrams
}

/** Interfaces and tags of 0 are unknown. */
function golden(sample: string): Golden {
  const value = (name: string): number | undefined => {
    const text = new RegExp(`\\b${name}: +(?:uint32\\()?(\\w+)`).exec(sample)?.[1]
    const number = text === undefined ? Number.NaN : Number(text)
    return Number.isNaN(number) || number === 0 || number > lastInterface ? undefined : number
  }
  const columns = {
    sampling: value('SamplingRate'),
    in_if: value('InputInterface'),
    out_if: value('OutputInterface'),
    vlan: value('IncomingVLAN'),
    dst_vlan: value('OutgoingVLAN'),
    src_as: value('SourceAS'),
  }
  return Object.fromEntries(Object.entries(columns).filter(([, column]) => column !== undefined))
}

/** Headers of packets are decoded by the library itself in its tests, and not compared. */
export async function gopacketCases(folder: string): Promise<readonly Case[]> {
  const source = await readFile(join(folder, 'layers/sflow_test.go'), 'utf8')
  const datagrams = datagramsIn(source)
  return source
    .split(/^func (?=Test)/m)
    .slice(1)
    .flatMap((test) => {
      const name = /NewPacket\((SFlowTestPacket\d+),/.exec(test)?.[1] ?? ''
      const bytes = datagrams.get(name)
      const samples = test.split(/^\t+(?:SFlowFlowSample)?\{$/m).slice(1)
      const goldens = samples.filter((sample) => /\bInputInterface:/.test(sample)).map(golden)
      if (bytes === undefined || goldens.length === 0) return []
      return [{ name: `gopacket ${/^\w+/.exec(test)?.[0] ?? name}`, datagrams: [sentWhole(bytes)], goldens }]
    })
}
