import type { Host } from '../../host/index.ts'
import { endsWithin } from '../../engine/stopping.ts'

/** Values for later parts. `asyncDispose` ends what the part has opened. */
export type Opened<Added> = Added & Partial<AsyncDisposable>

export type Part<Needed, Added> = (before: Needed) => Promise<Opened<Added>>

type NamedPart = Readonly<{ name: string; open: Part<never, object> }>

/** Parts are closed in the opposite order. */
export type Running<Context> = Readonly<{
  parts: Context
  /** Calls `closing` before each part with its name. */
  close(closing?: (name: string, close: () => Promise<void>) => Promise<void>): Promise<void>
}>

/** Time for each part to end after a failed start. */
const failedMs = 5000

/** Parts in the order of their start. Each receives what the earlier ones have opened. */
export class PartList<Given extends object, Context extends Given = Given> {
  readonly #parts: readonly NamedPart[]

  constructor(parts: readonly NamedPart[] = []) {
    this.#parts = parts
  }

  with<Added extends object>(name: string, open: Part<Context, Added>): PartList<Given, Context & Added> {
    return new PartList<Given, Context & Added>([...this.#parts, { name, open }])
  }

  get names(): readonly string[] {
    return this.#parts.map(({ name }) => name)
  }

  /** The list in which `open` runs after the part of this name. For tests of failures. */
  after(name: string, open: Part<Context, object>): PartList<Given, Context> {
    return new PartList<Given, Context>(
      this.#parts.flatMap((part) => (part.name === name ? [part, { name: `after ${name}`, open }] : [part])),
    )
  }

  /** Opens all parts. After a failure, or when `broken` rejects, it closes the opened ones and rejects. */
  async start(given: Given, { timers }: Pick<Host, 'timers'>, broken: Promise<never>): Promise<Running<Context>> {
    const closing: Readonly<{ name: string; close: () => PromiseLike<void> }>[] = []
    let context: object = given
    try {
      for (const { name, open } of this.#parts) {
        const { [Symbol.asyncDispose]: close, ...added } = await Promise.race([open(context as never), broken])
        if (close !== undefined) closing.unshift({ name, close })
        context = { ...context, ...added }
      }
    } catch (error) {
      for (const { close } of closing)
        await endsWithin(
          Promise.resolve(close()).catch(() => {}),
          failedMs,
          timers,
        )
      throw error
    }
    return {
      parts: context as Context,
      async close(closeOne = (_name, close) => close()) {
        for (const { name, close } of closing) await closeOne(name, async () => close())
      },
    }
  }
}
