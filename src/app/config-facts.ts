import { formatHostPort, infoOf, type FieldInfo, type HostPort } from '../schema/index.ts'
import type { Path } from '../schema/problem.ts'
import { weirSchema, type WeirConfig } from './config.ts'
import { deliveryFields } from './config-delivery.ts'

export type Listener = Readonly<{
  owner: string
  path: Path
  protocol: 'udp' | 'tcp'
  address: HostPort
}>

export type Target = Readonly<{
  id: string
  kind: 'url' | 'path' | 'host:port'
  value: string
}>

type Entry = WeirConfig['sources'][string] | WeirConfig['sinks'][string]

function fieldsOf(entry: Entry, under: 'sources' | 'sinks'): [key: string, info: FieldInfo, value: unknown][] {
  const fields = infoOf(weirSchema.fields[under]).components?.fieldsOf(entry.type) ?? {}
  const settings = entry.settings as Readonly<Record<string, unknown>>
  return Object.entries(fields)
    .filter(([key]) => under === 'sources' || !Object.hasOwn(deliveryFields, key))
    .map(([key, field]) => [key, infoOf(field), settings[key]])
}

/** Components with a receive buffer listen on UDP, except in the field `tcp`. */
export function protocolOf(field: string, settings: object): Listener['protocol'] {
  return field === 'tcp' || !Object.hasOwn(settings, 'receive_buffer') ? 'tcp' : 'udp'
}

export function listenersOf(config: WeirConfig): Listener[] {
  const visit = (owner: string, protocol: Listener['protocol'], path: Path, places: readonly HostPort[]): Listener[] =>
    places.map((address, index) => ({ owner, protocol, address, path: places.length === 1 ? path : [...path, index] }))
  const listening = (under: 'sources' | 'sinks') =>
    Object.values(config[under]).flatMap((entry) =>
      fieldsOf(entry, under).flatMap(([key, info, value]) =>
        info.kind === 'listen'
          ? visit(
              entry.id,
              protocolOf(key, entry.settings as object),
              [under, entry.id, key],
              value as readonly HostPort[],
            )
          : [],
      ),
    )
  return [
    ...visit('api', 'tcp', ['listen'], [config.listen]),
    ...visit('ops', 'tcp', ['ops'], config.ops),
    ...visit('http', 'tcp', ['http', 'listen'], config.http.listen),
    ...listening('sources'),
    ...listening('sinks'),
  ]
}

export function canListen(source: WeirConfig['sources'][string]): boolean {
  return fieldsOf(source, 'sources').some(([, info]) => info.kind === 'listen')
}

export function wantedBuffers(config: WeirConfig): Readonly<{ source: string; bytes: number }>[] {
  return Object.values(config.sources).flatMap((entry) => {
    const bytes = (entry.settings as Readonly<Record<string, unknown>>)['receive_buffer']
    return typeof bytes === 'number' ? [{ source: entry.id, bytes }] : []
  })
}

export function outputsOf({ sinks }: WeirConfig): Readonly<{ id: string; path: Path; value: string }>[] {
  return Object.values(sinks).flatMap((entry) =>
    fieldsOf(entry, 'sinks').flatMap(([key, { isOutput }, value]) =>
      isOutput === true && typeof value === 'string' ? [{ id: entry.id, path: ['sinks', entry.id, key], value }] : [],
    ),
  )
}

export function targetsOf(entry: Entry, under: 'sources' | 'sinks'): Target[] {
  return fieldsOf(entry, under).flatMap(([, info, value]) => {
    const kind = info.kind === 'list' ? info.of?.kind : info.kind
    // Files of a source are auxiliary: a kubeconfig, interface names.
    if (kind !== 'url' && kind !== 'host:port' && (kind !== 'path' || under === 'sources')) return []
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    return values.flatMap((one): Target[] => {
      if (kind === 'host:port')
        return one === null ? [] : [{ id: entry.id, kind, value: formatHostPort(one as HostPort) }]
      return typeof one === 'string' ? [{ id: entry.id, kind, value: one }] : []
    })
  })
}
