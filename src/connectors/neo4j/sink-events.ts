/** Writes rows of events, and remembers what the graph has, so that what many rows share is not told with each. */
import type { Attempt } from '../../engine/in-order.ts'
import type { GraphClient } from './client.ts'
import { linkText, statementsOf, type Statement, type Written } from './map-cypher.ts'
import type { GraphRow } from './map.ts'

/** So many nodes and relationships are known to be there; beyond, those that were not needed for longest are told again. */
const mostKnown = 100_000
const nothing = { has: () => false }

/** So many transactions of events are under way at once, each at a processor of the database; one of fewer events than `leastEvents` costs more than they do. */
const atOnce = 2
const leastEvents = 100

/** Somebody has removed what this sink had written before. */
class Missing extends Error {}

export class EventWriter {
  readonly #client: GraphClient
  readonly #known = new Set<string>()

  constructor(client: GraphClient) {
    this.#client = client
  }

  /** Never rejects. */
  async write(rows: readonly GraphRow[], signal: AbortSignal): Promise<Attempt> {
    let written = statementsOf(rows, { has: (fact) => this.#has(fact) })
    let attempt = await this.#commit(written, signal)
    if (attempt === 'missing') {
      this.#known.clear()
      written = statementsOf(rows, nothing)
      attempt = await this.#commit(written, signal)
    }
    if (attempt === 'missing') return { is: 'retry', reason: 'somebody removes nodes of the graph while it is written' }
    if (attempt !== undefined) return attempt
    // Only when they are committed does one see the other, whoever writes it.
    const { facts, marks } = written
    const linked = marks.length === 0 ? undefined : await this.#client.write(async (writing) => void await writing.run([{ text: linkText, parameters: { rows: marks } }]), signal)
    if (linked === undefined) this.#remember(facts)
    return linked
  }

  /** What events share first, then the events: their transactions have hardly a resource in common, for which one would wait for the other. */
  async #commit({ shared, events }: Written, signal: AbortSignal): Promise<Attempt | 'missing'> {
    const attempt = shared.length === 0 ? undefined : await this.#commitOne(shared, signal)
    if (attempt !== undefined) return attempt
    const attempts = await Promise.all(inParts(events).map((statements) => this.#commitOne(statements, signal)))
    // One that is refused for good says more than one that may do better soon.
    return attempts.find((one) => one === 'missing') ?? attempts.find((one) => one !== undefined && one !== 'missing' && one.is === 'reject') ?? attempts.find((one) => one !== undefined)
  }

  async #commitOne(statements: readonly Statement[], signal: AbortSignal): Promise<Attempt | 'missing'> {
    let missing = false
    const attempt = await this.#client.write(async (writing) => {
      const answers = await writing.run(statements)
      missing = statements.some(({ all, parameters: { rows } }, index) => all === true && answers[index] !== rows.length)
      if (missing) throw new Missing()
    }, signal)
    return missing ? 'missing' : attempt
  }

  #has(fact: string): boolean {
    if (!this.#known.delete(fact)) return false
    this.#known.add(fact)
    return true
  }

  #remember(facts: readonly string[]): void {
    for (const fact of facts) this.#known.add(fact)
    for (const oldest of this.#known) {
      if (this.#known.size <= mostKnown) return
      this.#known.delete(oldest)
    }
  }
}

function inParts(statements: readonly Statement[]): Statement[][] {
  const most = Math.max(0, ...statements.map(({ parameters: { rows } }) => rows.length))
  const parts = Math.min(atOnce, Math.ceil(most / leastEvents))
  return Array.from({ length: parts }, (_, part) => statements.flatMap((one) => {
    const { length } = one.parameters.rows
    const rows = one.parameters.rows.slice(Math.floor((part * length) / parts), Math.floor(((part + 1) * length) / parts))
    return rows.length === 0 ? [] : [{ ...one, parameters: { rows } }]
  }))
}
