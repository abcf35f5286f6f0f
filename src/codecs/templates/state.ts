import { trimOldest } from '../../model/trim-oldest.ts'
import type { FieldPlace } from './data-set.ts'
import type { InterfaceNames } from './interface-names.ts'
import { noBytes, type ByteCounts } from './bytes.ts'
import { hash53 } from './hash.ts'
import type { Layout } from './layout.ts'
import type { Plan } from './plan/index.ts'
import { newFacts, type DomainFacts } from './sampling.ts'
import { DatagramSequence, RecordSequence, type Losses } from './sequence.ts'
import type { SamplingPlaces } from './step-sampling.ts'

export type Version = 9 | 10

/** Bounds the scope of a template (RFC 7011, section 8). */
export type Transport = Readonly<{
  kind: 'udp' | 'tcp'
  listener: number
  port: number
}>

export interface Prepared {
  readonly layout: Layout
  plan: Plan | undefined
  options: OptionsPlan | undefined
}

export type OptionsPlan = Readonly<{
  sampling: SamplingPlaces
  interfaceIndex: FieldPlace | undefined
  /** The index is of the outgoing interface. */
  isEgress: boolean
  templateId: FieldPlace | undefined
  interfaceName: FieldPlace | undefined
  initTime: FieldPlace | undefined
  applicationId: FieldPlace | undefined
  applicationName: FieldPlace | undefined
}>

export interface Template {
  readonly id: number
  readonly domain: Domain
  readonly prepared: Prepared
  /** Unix ms of the last announcement. */
  refreshed: number
  /** Used or announced since the last eviction round. */
  recent: boolean
}

export type ParkedSet = Readonly<{
  domain: Domain
  id: number
  bytes: Uint8Array
  exportTime: number
  uptime: number
  received: number
}>

export class Domain {
  readonly session: Session
  readonly id: number
  readonly facts: DomainFacts
  readonly templates = new Map<number, Template>()
  readonly parked = new Map<number, ParkedSet[]>()
  parkedBytes = 0
  /** {@link parkedBytes} with overhead. */
  parkedCost = 0
  readonly datagrams = new DatagramSequence()
  readonly records = new RecordSequence()
  /** Unix ms of data decoded with the session's own template; 0 none. */
  lastData = 0
  recent = false
  /** It restarted: templates of its other ports are from before. */
  restarted = false

  constructor(session: Session, id: number, facts: DomainFacts) {
    this.session = session
    this.id = id
    this.facts = facts
  }
}

export class Session {
  readonly exporter: ExporterState
  readonly version: Version
  readonly transport: Transport
  readonly firstSeen: number
  lastSeen: number
  readonly domains = new Map<number, Domain>()

  constructor(exporter: ExporterState, version: Version, transport: Transport, now: number) {
    this.exporter = exporter
    this.version = version
    this.transport = transport
    this.firstSeen = this.lastSeen = now
  }
}

export class ExporterState implements Losses {
  readonly words: Uint32Array
  /** Seen more than once, so less likely forged. */
  proven = false
  readonly sessions = new Map<number, Session>()
  readonly domainFacts = new Map<number, DomainFacts>()
  readonly bytes: ByteCounts = noBytes()
  configuredNames: InterfaceNames | undefined
  templates = 0
  domains = 0
  parkedCost = 0
  rows = 0
  shedRows = 0
  optionRecords = 0
  skewed = 0
  malformedSets = 0
  reservedSets = 0
  parkedSets = 0
  expiredSets = 0
  refusedTemplates = 0
  missing = 0
  missingDatagrams = 0
  late = 0
  restarts = 0

  constructor(words: Uint32Array) {
    this.words = words
  }

  facts(version: Version, domain: number): DomainFacts {
    return this.factsAt(factsKey(version, domain))
  }

  factsAt(key: number): DomainFacts {
    let facts = this.domainFacts.get(key)
    if (facts === undefined) {
      const address = bytesOf(this.words)
      facts = newFacts(hash53(key, address, 0, address.length))
      this.domainFacts.set(key, facts)
      trimOldest(this.domainFacts, maxFacts)
    }
    return facts
  }

  forgetFacts(version: Version, domain: number): void {
    this.domainFacts.delete(factsKey(version, domain))
  }
}

const maxFacts = 1024

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array) => new Uint8Array(buffer, byteOffset, byteLength)

const factsKey = (version: Version, domain: number) => (version === 9 ? 0 : 0x1_0000_0000) + domain

export const sessionKey = (version: Version, { kind, listener, port }: Transport): number =>
  ((listener * 2 + (kind === 'udp' ? 0 : 1)) * 2 + (version === 9 ? 0 : 1)) * 0x10000 + port
