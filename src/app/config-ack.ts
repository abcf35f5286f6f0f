import { takesFrom } from '../engine/delivery/route.ts'
import { ackSink } from '../schema/values.ts'
import type { WeirConfig } from './config.ts'

/** The sink that acknowledges a source's messages; undefined: the sync does. */
export function sourceAck({ settings }: WeirConfig['sources'][string]): string | undefined {
  const { ack } = settings as { readonly ack?: unknown }
  return typeof ack === 'string' ? ackSink(ack) : undefined
}

/** `written`: also the sinks that have a fault of their own. */
export function ackProblems(
  config: WeirConfig,
  written: ReadonlySet<string>,
): readonly Readonly<{ path: readonly string[]; message: string; hint: string }>[] {
  const { sinks } = config
  const of = (
    source: string,
    path: readonly string[],
    ack: string | undefined,
    { keeps }: Readonly<{ keeps: boolean }>,
  ): ReturnType<typeof ackProblems> => {
    if (ack === undefined) return []
    const sink = sinks[ack]
    if (sink === undefined && written.has(ack)) return []
    if (sink === undefined)
      return [
        { path, message: `there is no sink \`${ack}\``, hint: `sinks: ${Object.keys(sinks).join(', ') || 'none'}` },
      ]
    if (!takesFrom(sink.common.from ?? undefined, source))
      return [
        {
          path,
          message: `sink \`${ack}\` does not read from \`${source}\``,
          hint: `add \`${source}\` to its \`from\`, or name a sink that reads from it`,
        },
      ]
    if (keeps && sink.common.when_behind === 'drop')
      return [
        {
          path,
          message: `sink \`${ack}\` may drop rows when it falls behind, and they would still be acknowledged`,
          hint: `set \`when_behind: block\` for sink \`${ack}\``,
        },
      ]
    return []
  }
  return [
    ...of('http', ['http', 'ack'], ackSink(config.http.ack), { keeps: false }),
    ...Object.values(config.sources).flatMap(({ id, settings }) =>
      Object.entries(settings as Readonly<Record<string, unknown>>).flatMap(([name, ack]) =>
        /^ack(?:_|$)/.test(name) && typeof ack === 'string'
          ? of(id, ['sources', id, name], ackSink(ack), { keeps: true })
          : [],
      ),
    ),
  ]
}
