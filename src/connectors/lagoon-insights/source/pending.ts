/** Positions of undelivered reports, across restarts: a report in the journal is not appended again. */
import { replaceFile, type Host } from '../../../host/index.ts'
import type { Position } from '../../../engine/contracts.ts'
import { isRecord } from '../../../model/json.ts'

const file = 'pending.json'
const saveMs = 500

export class PendingReports {
  readonly #host: Host
  readonly #folder: string | undefined
  readonly #positions: Map<string, Position>
  #changed = false

  private constructor(host: Host, folder: string | undefined, positions: Map<string, Position>) {
    this.#host = host
    this.#folder = folder
    this.#positions = positions
  }

  /** Unreadable state is no loss: reports are sent a second time. */
  static async open(host: Host, folder: string | undefined): Promise<PendingReports> {
    const positions = new Map<string, Position>()
    try {
      const text = folder === undefined ? '{}' : Buffer.from(await host.disk.readFile(`${folder}/${file}`)).toString()
      const stored: unknown = JSON.parse(text)
      for (const [id, position] of Object.entries(isRecord(stored) ? stored : {}))
        if (isRecord(position) && typeof position['sequence'] === 'number' && typeof position['row'] === 'number')
          positions.set(id, { sequence: position['sequence'], row: position['row'] })
    } catch {
      // The first start, or a torn file.
    }
    return new PendingReports(host, folder, positions)
  }

  get(id: string): Position | undefined {
    return this.#positions.get(id)
  }

  put(id: string, position: Position): void {
    this.#positions.set(id, position)
    this.#changed = true
  }

  forget(id: string): void {
    if (this.#positions.delete(id)) this.#changed = true
  }

  /** Saves changes until the signal aborts, and then the last ones. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#host.timers.sleep(saveMs, signal)
      if (this.#changed) await this.#save().catch(() => undefined)
      if (signal.aborted) return
    }
  }

  async #save(): Promise<void> {
    if (this.#folder === undefined) return
    this.#changed = false
    try {
      const text = JSON.stringify(Object.fromEntries(this.#positions))
      await replaceFile(this.#host.disk, this.#folder, file, [new TextEncoder().encode(text)])
    } catch (error) {
      this.#changed = true
      throw error
    }
  }
}
