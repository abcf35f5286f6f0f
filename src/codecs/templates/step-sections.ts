import type { FlowBuilder } from '../../model/flow-builder.ts'
import { PacketColumns } from '../packet/columns.ts'
import { Packet, part } from '../packet/packet.ts'
import { readCleared, type HeaderKind } from '../packet/read.ts'
import type { FieldPlace } from './data-set.ts'
import { lengthOf, numberIn, startOf } from './read.ts'
import type { Step } from './step-numbers.ts'

type SectionPlaces = Readonly<{
  section: FieldPlace
  kind: HeaderKind
  size: FieldPlace | undefined
  sizeIsOfFrame: boolean
  /** Without bytes and packets, the record is its single packet (PSAMP, RFC 5477). */
  onePacket: boolean
}>

/** IE 313, 315. Separate elements are written later, and take precedence. */
export function sectionStep(
  flows: FlowBuilder,
  { section, kind, size, sizeIsOfFrame, onePacket }: SectionPlaces,
): Step {
  const packet = new Packet()
  const columns = new PacketColumns(flows)
  const bytes = flows.column('bytes')
  const packets = flows.column('packets')
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      const at = startOf(set, section, i)
      const frameSize = size === undefined ? 0 : numberIn(set, size, i)
      const frameEnd = sizeIsOfFrame && frameSize > 0 ? at + frameSize : Infinity
      packet.clear(frameEnd)
      readCleared(kind, set.bytes, at, at + lengthOf(set, section, i), packet)
      columns.write(packet, row + i)
      if (!onePacket) continue
      packets.items[2 * (row + i)] = 1
      packets.mark(row + i)
      const length =
        (packet.parts & part.length) !== 0
          ? packet.length
          : sizeIsOfFrame
            ? Math.max(0, frameSize - packet.linkBytes)
            : frameSize
      if (length === 0) continue
      bytes.items[2 * (row + i)] = length
      bytes.mark(row + i)
    }
  }
}
