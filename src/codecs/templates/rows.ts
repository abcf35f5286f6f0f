import type { FlowBuilder, GrowingColumn } from '../../model/flow-builder.ts'
import { chunkRecords, DataSet } from './data-set.ts'
import type { InterfaceNamer } from './interface-names.ts'
import type { Plan } from './plan/index.ts'
import { numberIn } from './read.ts'
import { newFacts } from './sampling.ts'
import type { Domain } from './state.ts'
import type { SamplingDefaults } from './step-sampling.ts'

export class RowWriter {
  readonly sampling: SamplingDefaults
  readonly #flows: FlowBuilder
  readonly #namer: InterfaceNamer
  readonly #reverse = new DataSet()
  readonly #chosen = new Uint32Array(chunkRecords)
  readonly #c

  constructor(flows: FlowBuilder, namer: InterfaceNamer, sampling: number) {
    this.#flows = flows
    this.#namer = namer
    this.sampling = { facts: newFacts(), template: 0, configured: sampling }
    this.#c = {
      exporter: flows.column('exporter_addr'),
      received: flows.column('time_received'),
      protocol: flows.column('protocol'),
      version: flows.column('protocol_version'),
      domain: flows.column('observation_domain'),
      skewed: flows.column('time_skewed'),
    }
  }

  /** Counts the rows that {@link write} would write. */
  shed(domain: Domain, plan: Plan, set: DataSet): void {
    domain.session.exporter.shedRows += set.count + this.#reversed(plan, set)
  }

  write(domain: Domain, template: number, plan: Plan, set: DataSet): void {
    const both = this.#reversed(plan, set)
    this.#flows.reserve(set.count + both)
    this.sampling.facts = domain.facts
    this.sampling.template = template
    if (domain.session.version === 10) set.context.uptime = set.context.exportTime - domain.facts.initTime
    if (both > 0) this.#reverse.gather(set, this.#chosen, both)
    this.#rows(domain, plan.forward, set)
    if (plan.reverse !== undefined && both > 0) this.#rows(domain, plan.reverse.steps, this.#reverse)
  }

  /** The number of records with a reverse direction. */
  #reversed(plan: Plan, set: DataSet) {
    return plan.reverse === undefined ? 0 : this.#choose(set, plan.reverse.counters)
  }

  #rows(domain: Domain, steps: Plan['forward'], set: DataSet) {
    const { count } = set
    const first = this.#flows.count
    this.#repeated(domain, first, count, set.context.received)
    for (const step of steps) step(set, first)
    const { exporter } = domain.session
    this.#namer.name(first, count, exporter.configuredNames, domain.facts.interfaceNames)
    this.#flows.commit(count)
    exporter.rows += count
    const skewed = this.#c.skewed.items
    for (let row = first; row < first + count; row++) exporter.skewed += skewed[row]!
  }

  #repeated(
    {
      id,
      session: {
        version,
        exporter: { words },
      },
    }: Domain,
    first: number,
    count: number,
    received: number,
  ) {
    const c = this.#c
    const end = first + count
    const items = c.exporter.items
    const w0 = words[0]!,
      w1 = words[1]!,
      w2 = words[2]!,
      w3 = words[3]!
    for (let at = 4 * first; at < 4 * end; at += 4) {
      items[at] = w0
      items[at + 1] = w1
      items[at + 2] = w2
      items[at + 3] = w3
    }
    c.exporter.markRows(first, end)
    fill(c.received, received, first, end)
    fill(c.protocol, this.#flows.code(version === 9 ? 'netflow9' : 'ipfix'), first, end)
    fill(c.version, version, first, end)
    fill(c.domain, id, first, end)
  }

  #choose(set: DataSet, counters: NonNullable<Plan['reverse']>['counters']): number {
    let chosen = 0
    for (let i = 0; i < set.count; i++) {
      const isBack = counters.some(({ place, unlike }) => {
        const count = numberIn(set, place, i)
        return count > 0 && (unlike === undefined || count !== numberIn(set, unlike, i))
      })
      if (isBack) this.#chosen[chosen++] = i
    }
    return chosen
  }
}

function fill(column: GrowingColumn, value: number, first: number, end: number) {
  column.fill(value, first, end)
}
