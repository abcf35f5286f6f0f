import type { FlowBuilder } from '../../model/flow-builder.ts'
import { isZero } from '../../model/zero.ts'
import type { ByteCounts } from './bytes.ts'
import { OpenConnections } from './connections.ts'
import { DataSet, type SetContext } from './data-set.ts'
import { InterfaceNamer } from './interface-names.ts'
import type { TemplateKind, TemplateRecord } from './layout.ts'
import { learn, planOptions } from './options.ts'
import { withoutPadding } from './padding.ts'
import { Parking, type ParkingLimits } from './parking.ts'
import { Planner, type Plan, type PlanOptions } from './plan/index.ts'
import { RowWriter } from './rows.ts'
import {
  sessionKey,
  type Domain,
  type ExporterState,
  type ParkedSet,
  type Prepared,
  type Template,
  type Transport,
} from './state.ts'
import { TemplateTable, type TemplateLimits } from './table.ts'

export interface DecoderOptions extends PlanOptions {
  /** Clock difference in ms above which rows are marked. */
  readonly skewLimit: number
  /** Assumed interval (1 in N); 0: leave it absent. */
  readonly sampling: number
  readonly templates: TemplateLimits
  readonly parking: ParkingLimits
}

const maxPlans = 2048

export type Dialect = Readonly<{
  templateSet: number
  optionsTemplateSet: number
  readTemplate(view: DataView, at: number, end: number): TemplateRecord
  readOptionsTemplate(view: DataView, at: number, end: number): TemplateRecord
}>

type Released = Readonly<{
  parked: ParkedSet
  template: Template
}>

interface Walked {
  records: number | undefined
  flows: number
  malformed: boolean
}

/** Never throws; allocates nothing per row; counts each byte in one class of {@link ByteCounts}. */
export class TemplateDecoder {
  readonly table: TemplateTable
  readonly parking: Parking
  readonly namer: InterfaceNamer
  readonly connections = new OpenConnections()
  readonly #totals: ByteCounts
  readonly #planner: Planner
  readonly #rows: RowWriter
  readonly #planned = new Set<Prepared>()
  readonly #set = new DataSet()
  readonly #walked: Walked = { records: 0, flows: 0, malformed: false }
  readonly #released: Released[] = []
  /** Otherwise templates and options are learned, and rows only counted. */
  keepsRows = true

  constructor(flows: FlowBuilder, options: DecoderOptions, totals: ByteCounts) {
    this.#totals = totals
    this.parking = new Parking(options.parking, totals)
    this.table = new TemplateTable(options.templates, this.parking)
    this.namer = new InterfaceNamer(flows)
    this.#rows = new RowWriter(flows, this.namer, options.sampling)
    this.#planner = new Planner(flows, options, { skewLimit: options.skewLimit }, this.#rows.sampling, this.connections)
  }

  sweep(now: number): void {
    this.table.sweep(now)
    this.parking.sweep(now)
  }

  closeSession(exporter: ExporterState, transport: Transport): void {
    const session = exporter.sessions.get(sessionKey(10, transport))
    if (session !== undefined) this.table.close(session)
  }

  get released(): number {
    return this.#released.length
  }

  /** With the set's own times. `set`: it is malformed. */
  readReleased(): 'set' | undefined {
    const next = this.#released.shift()
    if (next === undefined) return undefined
    const { parked, template } = next
    const { buffer, byteOffset, byteLength } = parked.bytes
    const { exportTime, uptime, received } = parked
    this.#walked.malformed = false
    Object.assign(this.#set.context, { exportTime, uptime, received })
    this.#set.read(new DataView(buffer, byteOffset, byteLength), parked.bytes)
    this.#read(parked.domain, template, 0, byteLength, 'whole')
    return this.#walked.malformed ? 'set' : undefined
  }

  /** Before {@link walk}, for each datagram. The caller sets the result for each message. */
  begin(view: DataView, bytes: Uint8Array): SetContext {
    this.#set.read(view, bytes)
    return this.#set.context
  }

  /** The caller has counted the header. */
  walk(domain: Domain, dialect: Dialect, start: number, end: number): Readonly<Walked> {
    const walked = this.#walked
    const { exporter } = domain.session
    const { view, bytes } = this.#set
    walked.records = walked.flows = 0
    walked.malformed = false
    let at = start
    while (at < end) {
      if (end - at < 4) {
        this.count(exporter, 'padding', end - at)
        break
      }
      const id = view.getUint16(at)
      const length = view.getUint16(at + 2)
      if (length < 4) {
        // Some exporters send datagrams of a fixed size.
        if (at > start && isZero(bytes, at, end)) this.count(exporter, 'padding', end - at)
        else this.#malformed(exporter, end - at)
        break
      }
      const setEnd = Math.min(at + length, end)
      this.count(exporter, 'header', 4)
      if (id >= 256) this.#data(domain, id, at + 4, setEnd, at + length > end ? 'cut' : 'whole')
      else if (at + length > end) this.#malformed(exporter, setEnd - at - 4)
      else if (id === dialect.templateSet) this.#templates(domain, dialect, 'data', at + 4, setEnd)
      else if (id === dialect.optionsTemplateSet) this.#templates(domain, dialect, 'options', at + 4, setEnd)
      else {
        exporter.reservedSets++
        this.count(exporter, 'skipped', setEnd - at - 4)
      }
      at = setEnd
    }
    return walked
  }

  #templates(domain: Domain, dialect: Dialect, kind: TemplateKind, start: number, end: number) {
    const { exporter } = domain.session
    const { view, context } = this.#set
    let at = start
    while (end - at >= 4) {
      if (view.getUint32(at) === 0) break
      const record =
        kind === 'options' ? dialect.readOptionsTemplate(view, at, end) : dialect.readTemplate(view, at, end)
      if (record.next === 0) return this.#malformed(exporter, end - at)
      const length = record.next - at
      at = record.next
      if (record.withdrawn) {
        if (domain.session.transport.kind === 'tcp' || record.id >= 256) this.table.withdraw(domain, record.id, kind)
        this.count(exporter, 'template', length)
      } else if (record.layout === undefined) {
        this.#malformed(exporter, length)
      } else if (this.table.announce(domain, record.id, record.layout, context.received)) {
        this.count(exporter, 'template', length)
        this.#release(domain, record.id)
      } else {
        exporter.refusedTemplates++
        this.count(exporter, 'skipped', length)
      }
    }
    this.count(exporter, 'padding', end - at)
  }

  #data(domain: Domain, id: number, at: number, end: number, state: 'whole' | 'cut') {
    const { exporter } = domain.session
    const { context } = this.#set
    if (at === end && state === 'whole') return
    const template = this.table.find(domain, id)
    if (template === undefined) {
      this.#walked.records = undefined
      if (state === 'cut') return this.#malformed(exporter, end - at)
      if (this.parking.park(domain, { id, bytes: this.#set.bytes.subarray(at, end), ...context })) return
      exporter.expiredSets++
      return this.count(exporter, 'skipped', end - at)
    }
    // Borrowed templates release data parked before.
    if (domain.parked.has(id)) this.#release(domain, id)
    if (template.domain === domain) domain.lastData = context.received
    const records = this.#read(domain, template, at, end, state)
    if (this.#walked.records !== undefined) this.#walked.records += records
    if (!template.prepared.layout.options) this.#walked.flows += records
  }

  #read(domain: Domain, template: Template, at: number, setEnd: number, state: 'whole' | 'cut'): number {
    const cut = state === 'cut'
    const { prepared } = template
    const { layout } = prepared
    const { exporter } = domain.session
    const set = this.#set
    const end = cut || layout.options || !layout.fixed ? setEnd : withoutPadding(set.bytes, layout.shortest, at, setEnd)
    if (end < setEnd) this.count(exporter, 'padding', setEnd - end)
    let records = 0
    for (;;) {
      set.locate(layout, at, end)
      if (set.count === 0) break
      if (layout.options) {
        prepared.options ??= planOptions(layout)
        exporter.optionRecords += set.count
        if (learn(set, prepared.options, domain.facts)) {
          this.table.changes++
          this.namer.refresh()
        }
        this.count(exporter, 'decoded', set.end - at)
      } else {
        prepared.plan ??= this.#makePlan(prepared)
        if (this.keepsRows) this.#rows.write(domain, template.id, prepared.plan, set)
        else this.#rows.shed(domain, prepared.plan, set)
        this.count(exporter, this.keepsRows ? 'decoded' : 'skipped', set.end - at)
      }
      records += set.count
      at = set.end
    }
    const left = end - at
    if (cut || left >= layout.shortest) {
      this.#malformed(exporter, left)
      this.#walked.records = undefined
    } else this.count(exporter, 'padding', left)
    return records
  }

  /** Plans of rarely used layouts would take more memory than all templates. */
  #makePlan(prepared: Prepared): Plan {
    for (const oldest of this.#planned) {
      if (this.#planned.size < maxPlans) break
      oldest.plan = undefined
      this.#planned.delete(oldest)
    }
    this.#planned.add(prepared)
    return this.#planner.plan(prepared.layout)
  }

  /** Decoded one by one, because together they may be large. */
  #release(domain: Domain, id: number) {
    const template = domain.parked.has(id) ? this.table.find(domain, id) : undefined
    if (template === undefined) return
    for (const parked of this.parking.take(domain, id)) this.#released.push({ parked, template })
  }

  #malformed(exporter: ExporterState, bytes: number) {
    exporter.malformedSets++
    this.#walked.malformed = true
    this.#walked.records = undefined
    this.count(exporter, 'malformed', bytes)
  }

  count(exporter: ExporterState, of: keyof ByteCounts, bytes: number): void {
    exporter.bytes[of] += bytes
    this.#totals[of] += bytes
  }
}
