import type { FlowBatch } from '../../model/batches.ts'
import type { RowWriter } from '../../model/byte-buffer.ts'
import { isPresent } from '../../model/columns.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import { mappedPrefix } from '../../model/ip.ts'
import { isRecord } from '../../model/json.ts'
import { dropCauseCode, tcpStateCode, tlsCipherSuiteCode, tlsGroupCode, tlsTypesCode, tlsVersionCode } from './codes.ts'
import { WireWriter } from './write.ts'

/** As over Kafka. Only fields of the agent are written: neither names of workloads nor fields of other protocols. */
export function pbflowWriter(batch: FlowBatch): RowWriter {
  const encoder = new RecordEncoder(batch)
  return (row, out) => out.raw(encoder.encode(row))
}

class RecordEncoder {
  readonly #batch: FlowBatch
  readonly #wire = new WireWriter()

  constructor(batch: FlowBatch) {
    this.#batch = batch
  }

  encode(row: number): Uint8Array {
    const wire = this.#wire
    wire.reset()
    this.#base(row)
    this.#drops(row)
    this.#dns(row)
    this.#interfaces(row)
    this.#events(row)
    this.#translation(row)
    wire.number(29, this.#number('sampling', row))
    if (this.#text('ipsec_status', row) === 'success') wire.number(30, 1)
    wire.number(31, this.#number('ipsec_code', row))
    wire.text(32, this.#text('dns_name', row))
    this.#tls(row)
    if (this.#has('quic_version', row))
      wire.message(38, () => {
        wire.number(1, this.#number('quic_version', row))
        wire.number(2, this.#number('quic_long_header', row))
        wire.number(3, this.#number('quic_short_header', row))
      })
    return wire.written()
  }

  #base(row: number) {
    const wire = this.#wire
    wire.number(1, this.#number('etype', row) || (this.#isIpv4('src_addr', row) ? 0x0800 : 0x86dd))
    wire.number(2, this.#number('direction', row))
    this.#time(3, this.#number('time_start', row))
    this.#time(4, this.#number('time_end', row))
    wire.message(5, () => {
      this.#u64(1, 'src_mac', row)
      this.#u64(2, 'dst_mac', row)
    })
    wire.message(6, () => {
      this.#ip(1, 'src_addr', row)
      this.#ip(2, 'dst_addr', row)
      wire.number(3, this.#number('dscp', row))
    })
    wire.message(7, () => {
      wire.number(1, this.#number('src_port', row))
      wire.number(2, this.#number('dst_port', row))
      wire.number(3, this.#number('proto', row))
    })
    this.#u64(8, 'bytes', row)
    this.#u64(9, 'packets', row)
    this.#ip(12, 'exporter_addr', row)
    wire.number(13, this.#number('tcp_flags', row))
    wire.number(14, this.#number('icmp_type', row))
    wire.number(15, this.#number('icmp_code', row))
  }

  #drops(row: number) {
    const wire = this.#wire
    this.#u64(16, 'drop_bytes', row)
    this.#u64(17, 'drop_packets', row)
    wire.number(18, this.#number('drop_flags', row))
    wire.number(19, tcpStateCode(this.#text('drop_state', row)))
    wire.number(20, dropCauseCode(this.#text('drop_cause', row)))
  }

  #dns(row: number) {
    const wire = this.#wire
    wire.number(21, this.#number('dns_id', row))
    wire.number(22, this.#number('dns_flags', row))
    this.#duration(23, Math.round(this.#number('dns_latency', row) * 1e6))
    const [low, high] = this.#words('rtt', row)
    this.#duration(24, low + high * 0x1_0000_0000)
    wire.number(25, this.#number('dns_errno', row))
  }

  #interfaces(row: number) {
    const wire = this.#wire
    const [names, udns] = [this.#texts('interfaces', row), this.#texts('udns', row)]
    const { if_directions: directions } = this.#batch.columns
    const from = directions?.kind === 'list<u8>' ? (directions.offsets[row] ?? 0) : 0
    names.forEach((name, at) => {
      wire.message(26, () => {
        wire.text(1, name)
        if (directions?.kind === 'list<u8>') wire.number(2, directions.items[from + at] ?? 0)
        wire.text(3, udns[at] ?? '')
      })
    })
  }

  #events(row: number) {
    const wire = this.#wire
    for (const event of eventsIn(this.#text('network_events', row)))
      if (isRecord(event))
        wire.message(27, () => {
          for (const [key, value] of Object.entries(event))
            wire.message(1, () => {
              wire.text(1, key)
              wire.text(2, String(value))
            })
        })
  }

  #translation(row: number) {
    if (!this.#has('xlat_src_addr', row)) return
    const wire = this.#wire
    wire.message(28, () => {
      this.#ip(1, 'xlat_src_addr', row)
      this.#ip(2, 'xlat_dst_addr', row)
      wire.number(3, this.#number('xlat_src_port', row))
      wire.number(4, this.#number('xlat_dst_port', row))
      wire.number(5, this.#number('xlat_zone', row))
    })
  }

  #tls(row: number) {
    const wire = this.#wire
    const { version, mismatch } = tlsVersionCode(this.#text('tls_version', row))
    wire.number(33, version)
    wire.number(34, Number(mismatch))
    wire.number(35, tlsTypesCode(this.#texts('tls_types', row)))
    wire.number(36, tlsCipherSuiteCode(this.#text('tls_cipher_suite', row)))
    wire.number(37, tlsGroupCode(this.#text('tls_group', row)))
  }

  #time(field: number, ms: number) {
    if (ms === 0) return
    this.#secondsAndNanos(field, Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6))
  }

  #duration(field: number, nanos: number) {
    if (nanos !== 0) this.#secondsAndNanos(field, Math.floor(nanos / 1e9), nanos % 1e9)
  }

  #secondsAndNanos(field: number, seconds: number, nanos: number) {
    this.#wire.message(field, () => {
      this.#wire.number(1, seconds)
      this.#wire.number(2, nanos)
    })
  }

  #ip(field: number, name: FlowFieldName, row: number) {
    const column = this.#batch.columns[name]
    if (column?.kind !== 'ip' || !isPresent(column.valid, row)) return
    const wire = this.#wire
    wire.message(field, () => {
      if (this.#isIpv4(name, row)) return wire.fixed32(1, column.words[4 * row + 3] ?? 0)
      const bytes = Buffer.alloc(16)
      for (let word = 0; word < 4; word++) bytes.writeUInt32BE(column.words[4 * row + word] ?? 0, 4 * word)
      wire.bytes(2, bytes)
    })
  }

  #isIpv4(name: FlowFieldName, row: number) {
    const column = this.#batch.columns[name]
    if (column?.kind !== 'ip' || !isPresent(column.valid, row)) return false
    const { words } = column
    return words[4 * row] === 0 && words[4 * row + 1] === 0 && words[4 * row + 2] === mappedPrefix
  }

  #has(name: FlowFieldName, row: number) {
    const column = this.#batch.columns[name]
    return column !== undefined && 'valid' in column ? isPresent(column.valid, row) : column !== undefined
  }

  #number(name: FlowFieldName, row: number) {
    const column = this.#batch.columns[name]
    if (column === undefined || !('values' in column) || !isPresent(column.valid, row)) return 0
    const value = column.values[row] ?? 0
    return Number.isFinite(value) ? value : 0
  }

  #u64(field: number, name: FlowFieldName, row: number) {
    const [low, high] = this.#words(name, row)
    this.#wire.u64(field, low, high)
  }

  #words(name: FlowFieldName, row: number): readonly [low: number, high: number] {
    const column = this.#batch.columns[name]
    if ((column?.kind !== 'u64' && column?.kind !== 'mac') || !isPresent(column.valid, row)) return [0, 0]
    return [column.words[2 * row] ?? 0, column.words[2 * row + 1] ?? 0]
  }

  #text(name: FlowFieldName, row: number) {
    const column = this.#batch.columns[name]
    if (column?.kind !== 'dict' && column?.kind !== 'json') return ''
    return this.#batch.dictionary[column.codes[row] ?? 0] ?? ''
  }

  #texts(name: FlowFieldName, row: number): readonly string[] {
    const column = this.#batch.columns[name]
    if (column?.kind !== 'list<dict>') return []
    return Array.from(
      column.items.subarray(column.offsets[row], column.offsets[row + 1]),
      (code) => this.#batch.dictionary[code] ?? '',
    )
  }
}

function eventsIn(text: string): readonly unknown[] {
  if (text === '') return []
  try {
    const events: unknown = JSON.parse(text)
    return Array.isArray(events) ? events : []
  } catch {
    return []
  }
}
