/** What a configuration would open and reach, told from its schemas; nothing is opened or reached here. */
import { infoOf, type AnyComponentSchema, type FieldInfo, type HostPort } from '../schema/index.ts'
import { components } from './components.ts'
import type { WeirConfig } from './config.ts'

export interface Listener {
  /** Who listens: `api`, `ops`, or the id of a source. */
  readonly owner: string
  readonly protocol: 'udp' | 'tcp'
  readonly place: HostPort
}

export interface Target {
  readonly sink: string
  readonly kind: 'url' | 'path'
  /** As configured; a URL holds no password, validation sees to that. */
  readonly value: string
}

type Entry = WeirConfig['sources'][string] | WeirConfig['sinks'][string]

function fieldsOf(entry: Entry, under: 'sources' | 'sinks'): [key: string, info: FieldInfo, value: unknown][] {
  const schema: AnyComponentSchema | undefined = components().find((one) => one.under === under && one.type === entry.type)?.schema
  const settings = entry.settings as Readonly<Record<string, unknown>>
  return Object.entries(schema?.fields ?? {}).map(([key, field]) => [key, infoOf(field), settings[key]])
}

/** Every address that Weir would listen on. A source with datagrams has a receive buffer: its addresses are UDP, but for those of field `tcp`. */
export function listenersOf(config: WeirConfig): Listener[] {
  const sources = Object.values(config.sources).flatMap((entry) =>
    fieldsOf(entry, 'sources').flatMap(([key, info, value]) => {
      if (info.kind !== 'listen') return []
      const protocol = key === 'tcp' || !Object.hasOwn(entry.settings as object, 'receive_buffer') ? 'tcp' : 'udp'
      return (value as readonly HostPort[]).map((place): Listener => ({ owner: entry.id, protocol, place }))
    }))
  return [
    { owner: 'api', protocol: 'tcp', place: config.listen },
    ...config.ops.map((place): Listener => ({ owner: 'ops', protocol: 'tcp', place })),
    ...sources,
  ]
}

/** Wanted receive buffer of each UDP source, in bytes. */
export function wantedBuffers(config: WeirConfig): { readonly source: string; readonly bytes: number }[] {
  return Object.values(config.sources).flatMap((entry) => {
    const bytes = (entry.settings as Readonly<Record<string, unknown>>)['receive_buffer']
    return typeof bytes === 'number' ? [{ source: entry.id, bytes }] : []
  })
}

/** URLs and files that sinks write to. */
export function targetsOf(config: WeirConfig): Target[] {
  return Object.values(config.sinks).flatMap((entry) =>
    fieldsOf(entry, 'sinks').flatMap(([, info, value]): Target[] => {
      const kind = info.kind === 'list' ? info.of?.kind : info.kind
      if (kind !== 'url' && kind !== 'path') return []
      const values = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string')
      return values.map((one) => ({ sink: entry.id, kind, value: one }))
    }))
}
