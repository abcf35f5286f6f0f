import type { ExporterState } from '../../codecs/templates/state.ts'

/** One observation domain (v9: source id) of one source port. */
export interface DomainStatus {
  readonly version: 9 | 10
  readonly domain: number
  readonly port: number
  readonly transport: 'udp' | 'tcp'
  /** Unix ms at which anything came from this port. */
  readonly lastSeen: number
  /** Ids of the templates that are known. */
  readonly templates: readonly number[]
  /** Unix ms at which a template was last announced. */
  readonly lastTemplate: number | undefined
  /** Ids of the templates that data waits for, and how much. */
  readonly waitingFor: readonly number[]
  readonly parkedBytes: number
  /** One in N by options records; undefined: not told. */
  readonly sampling: number | undefined
  readonly interfaceNames: number
}

const mostListed = 32

/** The domains that were heard last. */
export function describeDomains(state: ExporterState): readonly DomainStatus[] {
  const all = [...state.sessions.values()].sort((a, b) => b.lastSeen - a.lastSeen)
  const listed: DomainStatus[] = []
  for (const { version, transport, lastSeen, domains } of all) {
    for (const { id, templates, parked, parkedBytes, facts } of domains.values()) {
      if (listed.length === mostListed) return listed
      const known = [...templates.values()]
      listed.push({
        version,
        domain: id,
        port: transport.port,
        transport: transport.kind,
        lastSeen,
        templates: known.slice(0, mostListed).map((template) => template.id),
        lastTemplate: known.length === 0 ? undefined : Math.max(...known.map(({ refreshed }) => refreshed)),
        waitingFor: [...parked.keys()].slice(0, mostListed),
        parkedBytes,
        sampling: facts.sampling > 0 ? facts.sampling : undefined,
        interfaceNames: facts.interfaceNames.size,
      })
    }
  }
  return listed
}

export interface Heard {
  readonly datagrams: number
  readonly malformed: number
  readonly lastMalformed: string | undefined
  readonly state: ExporterState
}

/** Why nothing, or not all, is seen of an exporter, and what to do; undefined when all is well. */
export function whyNothing({ datagrams, malformed, lastMalformed, state }: Heard): string | undefined {
  const waiting = [...state.sessions.values()]
    .flatMap(({ domains }) => [...domains.values()])
    .find(({ parked }) => parked.size > 0)
  if (waiting !== undefined) {
    const ids = [...waiting.parked.keys()].slice(0, 5).join(', ')
    const { version, transport } = waiting.session
    return (
      `Data of ${version === 9 ? 'source id' : 'observation domain'} ${waiting.id} (port ${transport.port}) waits for template ${ids}, ` +
      'which has not come: make the exporter send its templates more often, at least once a minute.'
    )
  }
  if (state.refusedTemplates > 0)
    return 'It announces more templates than are kept for one exporter; data of the others is given up.'
  if (state.rows > 0) return undefined
  if (datagrams === 0) return 'Nothing has come since the start; its templates are known from before.'
  if (malformed >= datagrams) {
    return lastMalformed === 'version'
      ? 'What it sends is neither NetFlow v5 or v9 nor IPFIX: set its export version to one of them, and sFlow to the port of `sflow`.'
      : `Its datagrams cannot be read (${lastMalformed}): look for a relay or a fragmenting network on the way.`
  }
  if (state.expiredSets > 0)
    return 'Its data was given up because no template came in time: make it send its templates more often, at least once a minute.'
  if (state.templates > 0 || state.optionRecords > 0)
    return 'It has sent templates and no flows yet: exporters send a flow when it ends or its active timeout has passed.'
  return 'Its datagrams hold no flows.'
}
