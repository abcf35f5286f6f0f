// The sources without sockets: datagrams pass exporter table, decoders and unit writer into a journal that discards
// them.
import { byteClasses } from '../../../src/codecs/templates/bytes.ts'
import { usualTemplateLimits } from '../../../src/codecs/templates/table.ts'
import { NetflowCounts } from '../../../src/connectors/netflow/source-counts.ts'
import { Exporters } from '../../../src/connectors/netflow/source-exporters.ts'
import { Agent } from '../../../src/connectors/sflow/source-agents.ts'
import type { SourceContext } from '../../../src/engine/contracts.ts'
import { realHost } from '../../../src/host/index.ts'
import { NetflowIngest } from '../../../src/ingest/decode-netflow.ts'
import { SflowIngest } from '../../../src/ingest/decode-sflow.ts'
import { FlowWriter } from '../../../src/ingest/write.ts'
import type { Unit } from '../../../src/journal/types.ts'
import { Senders } from '../../../src/net/senders.ts'

/** Bytes by outcome. */
type ByteClasses = Readonly<Record<string, number>>

export interface Intake {
  readonly rows: number
  /** Journalled units. */
  readonly units: number
  /** Returns whether it made a row. */
  take(datagram: Buffer, address: string, port: number, now: number): boolean
  housekeeping(now: number): void
  byteClassCounts(): ByteClasses
  readonly senders: number
}

type OnUnit = (unit: Omit<Unit, 'source'>) => void

function makeContext(onUnit: OnUnit): { context: SourceContext; units: () => number } {
  let units = 0
  const silent = () => {}
  const log = { debug: silent, info: silent, warn: silent, error: silent } as unknown as SourceContext['log']
  const context: SourceContext = {
    id: 'fuzz',
    host: realHost(),
    log,
    metrics: { count: silent, set: silent } as unknown as SourceContext['metrics'],
    append: async (unit) => {
      units++
      onUnit(unit)
      return { position: { sequence: units, row: 0 }, epoch: 1, sourceSequence: units }
    },
    shed: silent,
    cursor: undefined,
    epoch: 1,
  }
  return { context, units: () => units }
}

/** As in src/connectors/netflow/source.ts, with 32 MiB of parked data for a minute. */
export function netflowIntake(onUnit: OnUnit = () => {}): Intake {
  const { context, units } = makeContext(onUnit)
  const writer = new FlowWriter(context)
  const counts = new NetflowCounts(context)
  const ingest = new NetflowIngest(writer, counts, {
    skewLimit: 3_600_000,
    sampling: 0,
    netobservPen: 2,
    extra: [],
    elements: 'all',
    templates: { ...usualTemplateLimits, expiry: 7_200_000 },
    parking: { bytes: 32 * 1024 * 1024, exporterBytes: 1024 * 1024, time: 60_000 },
  })
  const exporters = new Exporters([], 10_000, ({ state }) => {
    ingest.templates.table.forget(state)
    counts.forget(state)
  })
  let rows = 0
  return {
    get rows() {
      return rows
    },
    get units() {
      return units()
    },
    get senders() {
      return exporters.size
    },
    take(datagram, address, port, now) {
      const exporter = exporters.seen(address, now)
      if (exporter === undefined) throw new Error('every address is allowed')
      if (exporter.datagrams > 1) exporter.state.proven = true
      const before = exporter.state.rows
      counts.received += datagram.length
      ingest.take(datagram, exporter, { kind: 'udp', listener: 0, port }, now)
      rows += exporter.state.rows - before
      return exporter.state.rows > before
    },
    housekeeping(now) {
      ingest.templates.sweep(now)
      counts.publish(exporters.all().map(({ state }) => state))
      writer.flush()
    },
    byteClassCounts: () => ({
      received: counts.received,
      ...Object.fromEntries(byteClasses.map((name) => [name, counts.bytes[name]])),
    }),
  }
}

/** As in src/connectors/sflow/source.ts. */
export function sflowIntake(onUnit: OnUnit = () => {}): Intake {
  const { context, units } = makeContext(onUnit)
  const writer = new FlowWriter(context)
  const ingest = new SflowIngest(writer, 'sender')
  const agents = new Senders([], (address, words) => new Agent(address, words))
  const classes = { received: 0, decoded: 0, padding: 0, skipped: 0, malformed: 0 }
  let rows = 0
  return {
    get rows() {
      return rows
    },
    get units() {
      return units()
    },
    get senders() {
      return agents.size
    },
    take(datagram, address, _port, now) {
      const agent = agents.seen(address, now)
      if (agent === undefined) throw new Error('every address is allowed')
      classes.received += datagram.length
      const decoded = ingest.take(datagram, agent, now)
      if (decoded === undefined) throw new Error('the journal takes every unit')
      agent.decoded(decoded, now)
      rows += decoded.rows
      classes.decoded += decoded.decodedBytes
      classes.padding += decoded.paddingBytes
      classes.skipped += decoded.skippedBytes
      classes.malformed += decoded.malformedBytes
      return decoded.rows > 0
    },
    housekeeping: () => void writer.flush(),
    byteClassCounts: () => ({ ...classes }),
  }
}
