import { isEmpty } from './sampling.ts'
import type { ExporterState, Version } from './state.ts'
import type { TemplateDecoder } from './decoder.ts'
import { parseLayout, type TemplateTable } from './table.ts'

/** Without connections: their templates end with them. */
export type ExporterSnapshot = Readonly<{
  sessions: readonly Readonly<{
    version: Version
    listener: number
    port: number
    lastSeen: number
    domains: readonly Readonly<{ id: number; templates: readonly (readonly [id: number, layout: string])[] }>[]
  }>[]
  facts: readonly FactsSnapshot[]
}>

type FactsSnapshot = Readonly<{
  key: number
  sampling: number
  initTime: number | null
  selectors: readonly (readonly [number, number])[]
  interfaceSampling: readonly (readonly [number, number])[]
  templateSampling?: readonly (readonly [number, number])[]
  interfaceNames: readonly (readonly [number, string])[]
  applications?: readonly (readonly [id: string, name: string])[]
}>

export function snapshotExporter(state: ExporterState): ExporterSnapshot | undefined {
  const sessions = [...state.sessions.values()]
    .filter(({ transport }) => transport.kind === 'udp')
    .flatMap(({ version, transport, lastSeen, domains }) => {
      const kept = [...domains.values()]
        .filter(({ templates }) => templates.size > 0)
        .map(({ id, templates }) => ({
          id,
          templates: [...templates.values()].map((template) => [template.id, template.prepared.layout.text] as const),
        }))
      return kept.length === 0
        ? []
        : [{ version, listener: transport.listener, port: transport.port, lastSeen, domains: kept }]
    })
  const facts = [...state.domainFacts]
    .filter(([, facts]) => !isEmpty(facts))
    .map(([key, facts]) => ({
      key,
      sampling: facts.sampling,
      initTime: Number.isNaN(facts.initTime) ? null : facts.initTime,
      selectors: [...facts.selectors],
      interfaceSampling: [...facts.interfaceSampling],
      templateSampling: [...facts.templateSampling],
      interfaceNames: [...facts.interfaceNames],
      applications: [...facts.applications.names],
    }))
  return sessions.length === 0 && facts.length === 0 ? undefined : { sessions, facts }
}

/** `listenerOf`: current index; -1 if removed. */
export function restoreExporter(
  snapshot: ExporterSnapshot,
  state: ExporterState,
  table: TemplateTable,
  listenerOf: (old: number) => number,
  now: number,
): void {
  for (const entry of snapshot.facts) {
    const facts = state.factsAt(entry.key)
    facts.sampling = entry.sampling
    facts.initTime = entry.initTime ?? Number.NaN
    for (const [id, interval] of entry.selectors) facts.selectors.set(id, interval)
    for (const [index, interval] of entry.interfaceSampling) facts.interfaceSampling.set(index, interval)
    for (const [id, interval] of entry.templateSampling ?? []) facts.templateSampling.set(id, interval)
    for (const [index, name] of entry.interfaceNames) facts.interfaceNames.set(index, name)
    for (const [id, name] of entry.applications ?? []) facts.applications.put(id, name)
  }
  for (const { version, listener, port, domains } of [...snapshot.sessions].sort((a, b) => a.lastSeen - b.lastSeen)) {
    const at = listenerOf(listener)
    if (at < 0) continue
    const session = table.session(state, version, { kind: 'udp', listener: at, port }, now)
    for (const { id, templates } of domains) {
      const domain = table.domain(session, id)
      for (const [template, text] of templates) {
        const layout = parseLayout(text)
        if (layout !== undefined) table.announce(domain, template, layout, now)
      }
    }
  }
}

export type ParkedSnapshot = Readonly<{
  version: Version
  listener: number
  port: number
  domain: number
  id: number
  exportTime: number
  uptime: number | null
  received: number
  bytes: Uint8Array
}>

export function snapshotParked(state: ExporterState): readonly ParkedSnapshot[] {
  const all: ParkedSnapshot[] = []
  for (const { version, transport, domains } of state.sessions.values()) {
    if (transport.kind !== 'udp') continue
    for (const domain of domains.values()) {
      for (const { id, exportTime, uptime, received, bytes } of [...domain.parked.values()].flat()) {
        all.push({
          version,
          listener: transport.listener,
          port: transport.port,
          domain: domain.id,
          id,
          exportTime,
          uptime: Number.isNaN(uptime) ? null : uptime,
          received,
          bytes,
        })
      }
    }
  }
  return all
}

export function restoreParked(
  sets: readonly ParkedSnapshot[],
  state: ExporterState,
  decoder: TemplateDecoder,
  listenerOf: (old: number) => number,
  now: number,
): number {
  let restored = 0
  for (const { version, listener, port, domain, id, exportTime, uptime, received, bytes } of sets) {
    const at = listenerOf(listener)
    if (at < 0) continue
    const session = decoder.table.session(state, version, { kind: 'udp', listener: at, port }, now)
    const parked = decoder.parking.park(decoder.table.domain(session, domain), {
      id,
      exportTime,
      uptime: uptime ?? Number.NaN,
      received,
      bytes,
    })
    if (parked) restored += bytes.length
  }
  return restored
}
