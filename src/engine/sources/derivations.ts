import type { Derivation, DerivationListener, SinkPiece, Transformed } from '../contracts.ts'

const maxRows = 500

/** Shows listeners which rows a transform made of which row. Results do not depend on it. */
export class Derivations {
  readonly #listeners = new Set<DerivationListener>()
  #found: Derivation[] = []
  #skipped = 0

  watch(listener: DerivationListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  parts(piece: SinkPiece): readonly SinkPiece[] {
    const { rows } = piece
    const single = this.#listeners.size === 0 ? 0 : Math.min(rows.length, maxRows - this.#found.length)
    if (single <= 0) return [piece]
    const parts = Array.from(rows.subarray(0, single), (_, at) => ({ ...piece, rows: rows.subarray(at, at + 1) }))
    return single === rows.length ? parts : [...parts, { ...piece, rows: rows.subarray(single) }]
  }

  /** `before`: a part; undefined for rows that a window writes at its end. */
  add(before: SinkPiece | undefined, { outputs, failures }: Transformed): void {
    if (this.#listeners.size === 0) return
    const rows = before?.rows.length ?? 1
    if (rows > 1 || this.#found.length >= maxRows) this.#skipped += rows
    else
      this.#found.push({
        outputs,
        ...(before === undefined ? {} : { before }),
        ...(failures[0] === undefined ? {} : { failure: failures[0] }),
      })
  }

  show(): void {
    const [derived, skipped] = [this.#found, this.#skipped]
    this.#found = []
    this.#skipped = 0
    if (derived.length > 0 || skipped > 0) for (const listener of this.#listeners) listener.derived(derived, skipped)
  }

  close(): void {
    for (const listener of this.#listeners) listener.closed()
    this.#listeners.clear()
  }
}
