import { CaptureReader } from '../../codecs/pcap/reader.ts'
import { PcapError } from '../../codecs/pcap/packet.ts'
import { findDatagram, type CapturedDatagram, type NoDatagram } from '../../codecs/pcap/udp.ts'
import type { Host } from '../../host/index.ts'
import { CommandError } from '../client.ts'
import { messageOf } from '../../model/errors.ts'

export interface TimedDatagram extends CapturedDatagram {
  readonly time: number
}

type SkippedPackets = Record<NoDatagram | 'port', number>

export interface CaptureCounts {
  format: 'pcap' | 'pcapng' | undefined
  packets: number
  readonly leftOut: SkippedPackets
  tail: number
}

const pieceBytes = 1024 * 1024

export function emptyCounts(): CaptureCounts {
  return { format: undefined, packets: 0, leftOut: { other: 0, port: 0, fragment: 0, cut: 0, link: 0 }, tail: 0 }
}

/** Each piece has its own buffer, so callers may retain payloads. */
export async function* readCapture(
  host: Host,
  path: string,
  ports: ReadonlySet<number> | 'any',
  counts: CaptureCounts,
  read: (bytes: number) => void,
): AsyncGenerator<TimedDatagram[]> {
  const reader = new CaptureReader()
  const file = await host.disk.open(path, 'read').catch((error: unknown) => {
    throw new CommandError(`${path} cannot be opened: ${messageOf(error)}.`)
  })
  try {
    for (let at = 0; ;) {
      const piece = new Uint8Array(pieceBytes)
      const bytes = await file.read(piece, at)
      if (bytes === 0) break
      at += bytes
      read(bytes)
      reader.push(piece.subarray(0, bytes))
      yield take(reader, ports, counts)
    }
    counts.tail = reader.end()
    counts.format = reader.format
  } catch (error) {
    if (!(error instanceof PcapError)) throw error
    throw new CommandError(`${path} cannot be read: ${error.message}.`, [
      counts.packets === 0
        ? 'Create captures with tcpdump -w or Wireshark.'
        : `${counts.packets} packets were read before.`,
    ])
  } finally {
    await file.close()
  }
}

function take(reader: CaptureReader, ports: ReadonlySet<number> | 'any', counts: CaptureCounts): TimedDatagram[] {
  const timedDatagrams: TimedDatagram[] = []
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
    counts.packets++
    const datagram = findDatagram(packet)
    if (typeof datagram === 'string') counts.leftOut[datagram]++
    else if (ports !== 'any' && !ports.has(datagram.dstPort)) counts.leftOut.port++
    else timedDatagrams.push({ ...datagram, time: packet.time })
  }
  return timedDatagrams
}
