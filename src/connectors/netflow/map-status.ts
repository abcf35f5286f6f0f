import type { ExporterState } from '../../codecs/templates/state.ts'

export type DomainStatus = Readonly<{
  version: 9 | 10
  domain: number
  port: number
  transport: 'udp' | 'tcp'
  lastSeen: number
  templates: readonly number[]
  lastTemplate: number | undefined
  waitingFor: readonly number[]
  parkedBytes: number
  sampling: number | undefined
  interfaceNames: number
}>

const mostListed = 32

export function describeDomains(state: ExporterState): readonly DomainStatus[] {
  const all = [...state.sessions.values()].sort((a, b) => b.lastSeen - a.lastSeen)
  const listed: DomainStatus[] = []
  for (const { version, transport, lastSeen, domains } of all) {
    for (const { id, templates, parked, parkedBytes, facts } of domains.values()) {
      if (listed.length === mostListed) return listed
      const knownTemplates = [...templates.values()]
      listed.push({
        version,
        domain: id,
        port: transport.port,
        transport: transport.kind,
        lastSeen,
        templates: knownTemplates.slice(0, mostListed).map((template) => template.id),
        lastTemplate:
          knownTemplates.length === 0 ? undefined : Math.max(...knownTemplates.map(({ refreshed }) => refreshed)),
        waitingFor: [...parked.keys()].slice(0, mostListed),
        parkedBytes,
        sampling: facts.sampling > 0 ? facts.sampling : undefined,
        interfaceNames: facts.interfaceNames.size,
      })
    }
  }
  return listed
}

type ExporterSummary = Readonly<{
  datagrams: number
  malformed: number
  lastMalformed: string | undefined
  state: ExporterState
}>

export function whyNothing({ datagrams, malformed, lastMalformed, state }: ExporterSummary): string | undefined {
  const waiting = [...state.sessions.values()]
    .flatMap(({ domains }) => [...domains.values()])
    .find(({ parked }) => parked.size > 0)
  if (waiting !== undefined) {
    const ids = [...waiting.parked.keys()].slice(0, 5).join(', ')
    const { version, transport } = waiting.session
    return (
      `Data of ${version === 9 ? 'source id' : 'observation domain'} ${waiting.id} (port ${transport.port}) ` +
      `is parked without template ${ids}; ` +
      'configure the exporter to send its templates more often, at least once a minute.'
    )
  }
  if (state.refusedTemplates > 0)
    return 'The exporter announces more templates than the limit; data of the others is dropped.'
  if (state.rows > 0) return undefined
  if (datagrams === 0) return 'Nothing was received since the start; the templates were restored.'
  if (malformed >= datagrams) {
    return lastMalformed === 'version'
      ? 'The data is neither NetFlow v5 or v9 nor IPFIX: set the export version to one of them, and send ' +
          'sFlow to the port of `sflow`.'
      : `Datagrams are malformed (${lastMalformed}): check for a relay or a fragmenting network.`
  }
  if (state.expiredSets > 0)
    return (
      'Data was dropped because no template arrived in time: configure the exporter to send its templates ' +
      'more often, at least once a minute.'
    )
  if (state.templates > 0 || state.optionRecords > 0)
    return 'The exporter sent templates and no flows yet: it sends a flow when it ends or after its active timeout.'
  return 'The datagrams contain no flows.'
}
