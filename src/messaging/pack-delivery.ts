import { deliverInOrder, thrown, type Attempt } from '../engine/delivery/in-order.ts'
import type { SinkPiece } from '../engine/contracts.ts'
import type { FlowForm } from '../engine/delivery/rows.ts'
import type { Clock } from '../host/index.ts'
import type { OutMessage } from './message-sink.ts'
import { packForm } from './pack-forms.ts'
import { FlowPacker, type Pack, type PackConfig } from './packed-flows.ts'

type PackDeliveryOptions = Readonly<{
  config: PackConfig
  flows: FlowForm
  concurrency: number
  timeout: number
  clock: Clock
  publish: (message: OutMessage, signal: AbortSignal) => Promise<Attempt>
}>

const maxBytesUnderWay = 16 * 2 ** 20

export class PackDelivery {
  readonly #options: PackDeliveryOptions
  readonly #packer: FlowPacker
  readonly #single: FlowPacker

  private constructor(options: PackDeliveryOptions, packer: FlowPacker, single: FlowPacker) {
    this.#options = options
    this.#packer = packer
    this.#single = single
  }

  static async open(options: PackDeliveryOptions): Promise<PackDelivery> {
    const { config, flows } = options
    const form = await packForm(config.format, flows)
    const packer = (rows: number) => new FlowPacker({ config: { ...config, rows }, form, flows })
    return new PackDelivery(options, packer(config.rows), packer(1))
  }

  /** One attempt per row, in order. A rejected message is sent in halves until the rows at fault are found. */
  async publish(pieces: readonly SinkPiece[], signal: AbortSignal): Promise<readonly Attempt[]> {
    const { config, concurrency, timeout: budgetMs, clock } = this.#options
    const attempts = Array.from({ length: countOf(pieces) }, (): Attempt => undefined)
    const failed: Pack[] = []
    const settle = (pack: Pack, attempt: Attempt) => {
      if (attempt === undefined) return
      for (const index of pack.indexes) attempts[index] = attempt
      if (attempt.is === 'retry') failed.push(pack)
    }
    const unsent = new Map<number, Pack>()
    const window = Math.max(1, Math.min(concurrency, Math.floor(maxBytesUnderWay / config.bytes)))
    const options = { window, budgetMs, clock, signal }
    const skipped = await deliverInOrder(this.#numbered(pieces, unsent), options, async ({ index, pack }) => {
      unsent.delete(index)
      return awayOf(await this.#send(pack, settle, signal))
    })
    for (const { index, ...outcome } of skipped as readonly (NonNullable<Attempt> & { index: number })[]) {
      const pack = unsent.get(index)
      if (pack !== undefined) settle(pack, outcome)
    }
    this.#packer.keepBounds(failed)
    return attempts
  }

  /** Each row in a message alone. */
  *previews(piece: SinkPiece): Generator<OutMessage> {
    for (const pack of this.#single.packs([piece])) yield this.#single.message(pack)
  }

  *#numbered(pieces: readonly SinkPiece[], unsent: Map<number, Pack>) {
    let index = 0
    for (const pack of this.#packer.packs(pieces)) {
      unsent.set(index, pack)
      yield { index: index++, key: undefined, pack }
    }
  }

  async #send(pack: Pack, settle: (pack: Pack, attempt: Attempt) => void, signal: AbortSignal): Promise<Attempt> {
    let outcome: Attempt
    try {
      outcome = await this.#options.publish(this.#packer.message(pack), signal)
    } catch (error) {
      outcome = thrown(error)
    }
    if (outcome?.is !== 'reject' || pack.count === 1) {
      settle(pack, outcome)
      return outcome
    }
    let away: Attempt
    for (const half of pack.halves()) {
      if (away === undefined) away = awayOf(await this.#send(half, settle, signal))
      else settle(half, away)
    }
    return away
  }
}

function awayOf(attempt: Attempt): Attempt {
  return attempt?.is === 'retry' && attempt.away === true ? attempt : undefined
}

function countOf(pieces: readonly SinkPiece[]) {
  return pieces.reduce((sum, { rows }) => sum + rows.length, 0)
}
