import type { Host } from '../../host/index.ts'
import { DamagedFile } from '../../host/sealed-file.ts'
import { messageOf } from '../../model/errors.ts'
import type { Log } from '../../telemetry/ports.ts'
import { Refusal } from '../refusal.ts'
import { changeKey } from './event.ts'
import { incidentFile, type Content, type RecordedChange } from './file.ts'
import { normalOf, type Contents } from './request.ts'
import { incidentFields, incidentLimits, type IncidentRequest, type StoredIncident } from './schema.ts'

const maxBytes = 8 * 1024 * 1024
const maxNewest = 50

type BookParts = Readonly<{
  host: Pick<Host, 'clock' | 'disk'>
  log: Log
  /** Data folder. Undefined: no incident can be stored. */
  folder: string | undefined
  /** Appends changes to the journal. Resolves when they are synced. */
  record: (changes: readonly RecordedChange[]) => Promise<void>
}>

type Put = Readonly<{ id: string; request: IncidentRequest; by: string }>
type Remove = Readonly<{ id: string; before: number | undefined; by: string }>

/**
 * Changes are serialized, and durable when they resolve. The journal has them a moment later: until it has, they are
 * in the file.
 */
export class IncidentBook {
  readonly #parts: BookParts
  readonly #file: ReturnType<typeof incidentFile> | undefined
  #content: Promise<Content> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #recording: Promise<void> = Promise.resolve()
  /** Recorded changes, until the store has them. */
  #newest: readonly RecordedChange[] = []

  constructor(parts: BookParts) {
    this.#parts = parts
    this.#file = parts.folder === undefined ? undefined : incidentFile(parts.host.disk, parts.folder)
  }

  /** When the attempts to record that began have ended. */
  get recorded(): Promise<void> {
    return this.#recording
  }

  /** Incidents by start, the latest first. */
  async list(): Promise<readonly StoredIncident[]> {
    const { incidents } = await this.#read()
    return incidents.toSorted((a, b) => (a.from === b.from ? (a.id < b.id ? -1 : 1) : a.from < b.from ? 1 : -1))
  }

  async find(id: string): Promise<StoredIncident | undefined> {
    return (await this.#read()).incidents.find((incident) => incident.id === id)
  }

  /** Changes of an incident that the store may lack, oldest first. */
  async recent(id: string): Promise<readonly RecordedChange[]> {
    const { unrecorded } = await this.#read()
    return [...this.#newest, ...unrecorded].filter(({ incident }) => incident.id === id)
  }

  async put({ id, request, by }: Put): Promise<StoredIncident> {
    const contents = normalOf(request, this.#parts.host.clock.now())
    const storedIncident = await this.#change(({ incidents, unrecorded }) => {
      const existing = incidents.find((incident) => incident.id === id)
      const { before } = request
      if (before === undefined && existing !== undefined)
        throw new Refusal('WEIR_API_CONFLICT', `There already is an incident ${id}. Nothing was saved.`, [
          'Use another id, or state the version that this one replaces in `before`.',
        ])
      if (existing?.version !== before) throw conflict(request.title)
      const otherIncidents = incidents.filter((incident) => incident.id !== id)
      if (otherIncidents.length >= incidentLimits.incidents)
        throw new Refusal('WEIR_API_LIMIT', `The limit is ${incidentLimits.incidents} incidents.`, [
          'Export and delete incidents that are no longer needed.',
        ])
      const changedAt = this.#after(existing)
      const incident: StoredIncident = {
        id,
        version: (existing?.version ?? 0) + 1,
        ...contents,
        created: existing?.created ?? changedAt,
        created_by: existing?.created_by ?? by,
        changed: changedAt,
        by,
      }
      const change: RecordedChange = {
        action: existing === undefined ? 'created' : 'changed',
        fields: fieldsThatDiffer(contents, existing),
        incident,
      }
      return {
        content: { incidents: [...otherIncidents, incident], unrecorded: [...unrecorded, change] },
        answer: incident,
      }
    })
    this.#recordLater()
    return storedIncident
  }

  async remove({ id, before, by }: Remove): Promise<void> {
    await this.#change(({ incidents, unrecorded }) => {
      const existing = incidents.find((incident) => incident.id === id)
      if (existing === undefined) throw unknownIncident(id)
      if (before !== undefined && existing.version !== before) throw conflict(existing.title)
      const incident = { ...existing, version: existing.version + 1, changed: this.#after(existing), by }
      const change: RecordedChange = { action: 'deleted', fields: [], incident }
      const otherIncidents = incidents.filter((other) => other !== existing)
      return { content: { incidents: otherIncidents, unrecorded: [...unrecorded, change] }, answer: undefined }
    })
    this.#recordLater()
  }

  /** Records what a crash or a full journal left. Resolves after the attempt. */
  record(): Promise<void> {
    this.#recording = this.#recording.then(() => this.#recordAll())
    return this.#recording
  }

  #recordLater() {
    this.record().catch(() => undefined)
  }

  async #recordAll(): Promise<void> {
    if (this.#file === undefined) return
    try {
      const { unrecorded } = await this.#read()
      if (unrecorded.length === 0) return
      await this.#parts.record(unrecorded)
      this.#newest = [...this.#newest, ...unrecorded].slice(-maxNewest)
      const recorded = new Set(unrecorded.map(changeKey))
      await this.#change((content) => ({
        content: { ...content, unrecorded: content.unrecorded.filter((change) => !recorded.has(changeKey(change))) },
        answer: undefined,
      }))
    } catch (error) {
      this.#parts.log.warn('Changes of incidents are not in the journal yet. Weir tries again at the next request.', {
        error: messageOf(error),
      })
    }
  }

  /** The time differs for each version, also when the clock was set back. */
  #after(existing: StoredIncident | undefined): string {
    const before = existing === undefined ? 0 : Date.parse(existing.changed)
    return new Date(Math.max(this.#parts.host.clock.now(), before + 1)).toISOString()
  }

  #change<Answer>(change: (content: Content) => Readonly<{ content: Content; answer: Answer }>): Promise<Answer> {
    const changed = this.#last.then(async () => {
      const { content, answer } = change(await this.#read())
      if (Buffer.byteLength(JSON.stringify(content)) > maxBytes)
        throw new Refusal('WEIR_API_LIMIT', `The size limit of all incidents is ${maxBytes / 1024 / 1024} MiB.`, [
          'Export and delete incidents that are no longer needed.',
        ])
      // After a failed write the content is unknown.
      this.#content = undefined
      await this.#file?.write(content)
      this.#content = Promise.resolve(content)
      return answer
    })
    this.#last = changed.catch(() => {})
    return changed
  }

  async #read(): Promise<Content> {
    const file = this.#file
    if (file === undefined)
      throw new Refusal('WEIR_API_INCIDENTS', 'This server has no data folder to store incidents in.')
    // A failed read is not kept: users may repair the file while Weir runs.
    this.#content ??= file.read().catch((error: unknown) => {
      this.#content = undefined
      throw error
    })
    try {
      return await this.#content
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      throw new Refusal('WEIR_API_INCIDENTS', `The incidents cannot be read: ${error.message}. Nothing was changed.`, [
        `The file is ${file.path}: restore a copy, or move it away to start over.`,
      ])
    }
  }
}

function fieldsThatDiffer(contents: Contents, existing: StoredIncident | undefined) {
  return incidentFields.filter((name) =>
    existing === undefined
      ? !isEmpty(contents[name])
      : JSON.stringify(contents[name]) !== JSON.stringify(existing[name]),
  )
}

function isEmpty(value: unknown) {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}

export function unknownIncident(id: string): Refusal {
  return new Refusal('WEIR_API_NOT_FOUND', `There is no incident ${id} that you may see.`, [
    'GET /api/v1/incidents lists them.',
  ])
}

function conflict(title: string) {
  return new Refusal('WEIR_API_CONFLICT', `"${title}" was changed or deleted after it was loaded. Nothing was saved.`, [
    'Load it again and repeat the change.',
  ])
}
