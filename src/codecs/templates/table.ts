import { makeLayout, type FieldSpec, type Layout, type TemplateKind } from './layout.ts'
import type { Parking } from './parking.ts'
import {
  Domain,
  Session,
  sessionKey,
  type ExporterState,
  type Prepared,
  type Template,
  type Transport,
  type Version,
} from './state.ts'

export type TemplateLimits = Readonly<{
  templates: number
  exporterTemplates: number
  unprovenTemplates: number
  sessions: number
  domains: number
  exporterDomains: number
  expiry: number
}>

/** For ten thousand exporters with a few templates each. */
export const usualTemplateLimits: Omit<TemplateLimits, 'expiry'> = {
  templates: 65_536,
  exporterTemplates: 4096,
  unprovenTemplates: 64,
  sessions: 64,
  domains: 20_000,
  exporterDomains: 256,
}

const usualFields = 32

const maxLayouts = 4096

export class TemplateTable {
  readonly #limits: TemplateLimits
  readonly #parking: Parking
  readonly #all = new Set<Template>()
  #fields = 0
  readonly #domains = new Set<Domain>()
  readonly #layouts = new Map<string, Prepared>()
  changes = 0

  constructor(limits: TemplateLimits, parking: Parking) {
    this.#limits = limits
    this.#parking = parking
  }

  get size(): number {
    return this.#all.size
  }

  session(exporter: ExporterState, version: Version, transport: Transport, now: number): Session {
    const key = sessionKey(version, transport)
    let session = exporter.sessions.get(key)
    if (session === undefined) {
      if (exporter.sessions.size >= this.#limits.sessions) this.#forgetSession(exporter)
      session = new Session(exporter, version, { ...transport }, now)
      exporter.sessions.set(key, session)
    }
    session.lastSeen = now
    return session
  }

  domain(session: Session, id: number): Domain {
    const existing = session.domains.get(id)
    if (existing !== undefined) {
      existing.recent = true
      return existing
    }
    const { exporter, version } = session
    if (exporter.domains >= this.#limits.exporterDomains) this.#forgetDomain(domainsOf(exporter), session)
    if (this.#domains.size >= this.#limits.domains) this.#forgetDomain(this.#domains, session)
    const domain = new Domain(session, id, exporter.facts(version, id))
    session.domains.set(id, domain)
    this.#domains.add(domain)
    exporter.domains++
    return domain
  }

  /** False without room. */
  announce(domain: Domain, id: number, layout: Layout, now: number): boolean {
    const existing = domain.templates.get(id)
    if (existing !== undefined && existing.prepared.layout.text === layout.text) {
      existing.refreshed = now
      existing.recent = true
      return true
    }
    if (existing !== undefined) this.#remove(existing)
    const { exporter } = domain.session
    const max = exporter.proven ? this.#limits.exporterTemplates : this.#limits.unprovenTemplates
    if (exporter.templates >= max) return false
    const { length } = layout.fields
    while (
      this.#all.size > 0 &&
      (this.#all.size >= this.#limits.templates || this.#fields + length > this.#limits.templates * usualFields)
    )
      this.#forgetTemplate()
    this.#fields += length
    const template: Template = { id, domain, prepared: this.#prepare(layout), refreshed: now, recent: false }
    domain.templates.set(id, template)
    this.#all.add(template)
    exporter.templates++
    this.changes++
    return true
  }

  withdraw(domain: Domain, id: number, kind: TemplateKind): void {
    if (id >= 256) {
      const template = domain.templates.get(id)
      if (template !== undefined) this.#remove(template)
      return
    }
    for (const template of domain.templates.values())
      if (template.prepared.layout.options === (kind === 'options')) this.#remove(template)
  }

  /** The exporter restarted: its templates may have changed, so that data waits for them. */
  restart(domain: Domain): void {
    for (const template of domain.templates.values()) this.#remove(template)
    domain.restarted = true
  }

  find(domain: Domain, id: number): Template | undefined {
    const template = domain.templates.get(id) ?? this.#borrow(domain, id)
    if (template !== undefined) template.recent = true
    return template
  }

  sweep(now: number): void {
    for (const template of this.#all) {
      if (template.domain.session.transport.kind === 'udp' && now - template.refreshed > this.#limits.expiry)
        this.#remove(template)
    }
  }

  close(session: Session): void {
    const { exporter, version, transport } = session
    exporter.sessions.delete(sessionKey(version, transport))
    for (const domain of session.domains.values()) this.#drop(domain)
  }

  forget(exporter: ExporterState): void {
    for (const session of exporter.sessions.values()) this.close(session)
  }

  /**
   * A new port has the templates of other ports of the domain, as far as all of them have the same layout, and so
   * have the templates that it announced itself.
   */
  #borrow(domain: Domain, id: number): Template | undefined {
    const { session } = domain
    const { exporter, version, transport, firstSeen } = session
    if (transport.kind !== 'udp' || domain.restarted) return undefined
    let newest: Template | undefined
    let layout: Layout | undefined
    for (const otherSession of exporter.sessions.values()) {
      if (
        otherSession === session ||
        otherSession.version !== version ||
        otherSession.transport.kind !== 'udp' ||
        otherSession.transport.listener !== transport.listener
      )
        continue
      const lender = otherSession.domains.get(domain.id)
      const template = lender?.templates.get(id)
      if (lender === undefined || template === undefined) continue
      if (!agree(domain, lender)) return undefined
      layout ??= template.prepared.layout
      if (template.prepared.layout.text !== layout.text) return undefined
      if (lender.lastData <= firstSeen && template.refreshed >= (newest?.refreshed ?? -Infinity)) newest = template
    }
    return newest
  }

  #prepare(layout: Layout): Prepared {
    let prepared = this.#layouts.get(layout.text)
    if (prepared === undefined) {
      if (this.#layouts.size >= maxLayouts) this.#layouts.clear()
      prepared = { layout, plan: undefined, options: undefined }
      this.#layouts.set(layout.text, prepared)
    }
    return prepared
  }

  #remove(template: Template) {
    const { domain, id } = template
    if (domain.templates.get(id) === template) domain.templates.delete(id)
    if (this.#all.delete(template)) {
      domain.session.exporter.templates--
      this.#fields -= template.prepared.layout.fields.length
    }
    this.changes++
  }

  /** Second chance: skips recently used templates once. */
  #forgetTemplate() {
    for (const template of this.#all) {
      if (!template.recent) return this.#remove(template)
      template.recent = false
      this.#all.delete(template)
      this.#all.add(template)
    }
  }

  /** Longest silent first, preferably without templates. */
  #forgetSession(exporter: ExporterState) {
    let victim: Session | undefined
    let worth = Infinity
    for (const session of exporter.sessions.values()) {
      if (session.transport.kind === 'tcp') continue
      const holds = [...session.domains.values()].some(({ templates }) => templates.size > 0)
      const value = session.lastSeen + (holds ? 1e15 : 0)
      if (value < worth) {
        victim = session
        worth = value
      }
    }
    if (victim !== undefined) this.close(victim)
  }

  /** Second chance. Facts of a domain are removed with its last session. */
  #forgetDomain(among: Iterable<Domain>, current: Session) {
    let victim: Domain | undefined
    for (const domain of among) {
      if (!domain.recent) {
        victim = domain
        break
      }
      // Moved to the end: iteration includes additions.
      domain.recent = false
      if (this.#domains.delete(domain)) this.#domains.add(domain)
      victim ??= domain
    }
    if (victim === undefined) return
    const { session, id } = victim
    const { exporter, version, transport } = session
    session.domains.delete(id)
    this.#drop(victim)
    if (session.domains.size === 0 && session !== current) exporter.sessions.delete(sessionKey(version, transport))
    const isShared = [...exporter.sessions.values()].some(
      (candidate) => candidate.version === version && candidate.domains.has(id),
    )
    if (!isShared) exporter.forgetFacts(version, id)
  }

  #drop(domain: Domain) {
    for (const template of domain.templates.values()) this.#remove(template)
    this.#parking.drop(domain)
    if (this.#domains.delete(domain)) domain.session.exporter.domains--
  }
}

function* domainsOf(exporter: ExporterState): Generator<Domain> {
  for (const { domains } of exporter.sessions.values()) yield* domains.values()
}

export function parseLayout(text: string): Layout | undefined {
  const match = /^(?:d|o(\d{1,5})):(\d+\.\d+\.\d+(?:,\d+\.\d+\.\d+)*)$/.exec(text)
  if (match === null) return undefined
  const fields = (match[2] ?? '').split(',').map((field): FieldSpec => {
    const [pen = 0, id = 0, length = 0] = field.split('.').map(Number)
    return { pen, id, length }
  })
  const scopes = Number(match[1] ?? 0)
  if (scopes > fields.length || fields.some(({ id, length }) => id > 0xffff || length > 0xffff)) return undefined
  return makeLayout(fields, scopes, text.startsWith('o') ? 'options' : 'data')
}

function agree(domain: Domain, lender: Domain): boolean {
  for (const [id, { prepared }] of domain.templates) {
    const template = lender.templates.get(id)
    if (template !== undefined && template.prepared.layout.text !== prepared.layout.text) return false
  }
  return true
}
