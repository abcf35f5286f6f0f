import type { Attempt } from '../../engine/delivery/in-order.ts'
import { trimOldest } from '../../model/trim-oldest.ts'
import type { GraphClient } from './client.ts'
import { linkText, statementsOf, type Written } from './map-cypher.ts'
import type { GraphRow } from './map.ts'

const maxCachedFacts = 100_000
const nothing = { has: () => false }

class NodeMissingError extends Error {}

export class EventWriter {
  readonly #client: GraphClient
  readonly #known = new Set<string>()

  constructor(client: GraphClient) {
    this.#client = client
  }

  async write(rows: readonly GraphRow[], signal: AbortSignal): Promise<Attempt> {
    let written = statementsOf(rows, { has: (fact) => this.#has(fact) })
    let attempt = await this.#commit(written, signal)
    if (attempt === 'missing') {
      this.#known.clear()
      written = statementsOf(rows, nothing)
      attempt = await this.#commit(written, signal)
    }
    if (attempt === 'missing')
      return {
        is: 'retry',
        reason: 'another client removes nodes of the graph during writes; stop it, or use another database',
      }
    if (attempt !== undefined) return attempt
    const { facts, marks } = written
    const linked =
      marks.length === 0
        ? undefined
        : await this.#client.write(
            async (writing) => void (await writing.run([{ text: linkText, parameters: { rows: marks } }])),
            signal,
          )
    if (linked === undefined) this.#remember(facts)
    return linked
  }

  async #commit({ statements }: Written, signal: AbortSignal): Promise<Attempt | 'missing'> {
    let missing = false
    const attempt = await this.#client.write(async (writing) => {
      const answers = await writing.run(statements)
      missing = statements.some(({ expectedRows: wanted }, index) => wanted !== undefined && answers[index] !== wanted)
      if (missing) throw new NodeMissingError()
    }, signal)
    return missing ? 'missing' : attempt
  }

  #has(fact: string) {
    if (!this.#known.delete(fact)) return false
    this.#known.add(fact)
    return true
  }

  #remember(facts: readonly string[]) {
    for (const fact of facts) this.#known.add(fact)
    trimOldest(this.#known, maxCachedFacts)
  }
}
