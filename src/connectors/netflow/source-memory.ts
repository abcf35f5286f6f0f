import { crc32 } from 'node:zlib'
import type { OpenConnection } from '../../codecs/templates/connections.ts'
import type { TemplateDecoder } from '../../codecs/templates/decoder.ts'
import {
  restoreExporter,
  restoreParked,
  snapshotExporter,
  snapshotParked,
  type ExporterSnapshot,
  type ParkedSnapshot,
} from '../../codecs/templates/snapshot.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { makeDurableDirectory } from '../../host/index.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'
import { messageOf } from '../../model/errors.ts'
import type { Exporter } from './source-exporters.ts'

/** u32 magic · u32 CRC-32 of the rest · JSON */
const magic = 0x314d5457
const headBytes = 8
const mostBytes = 64 * 1024 * 1024

const format = 1

type Saved = Readonly<{
  format: number
  listeners: readonly string[]
  exporters: readonly SavedExporter[]
  /** Connections of firewalls, only in a file written at a stop. */
  connections?: readonly OpenConnection[]
}>

interface SavedExporter extends Partial<ExporterSnapshot> {
  readonly address: string
  readonly proven: boolean
  /** Only in a file written at a stop; base64. */
  readonly parked?: readonly (Omit<ParkedSnapshot, 'bytes'> & { readonly bytes: string })[]
}

/** Undefined if the address is no longer allowed. */
type ExporterOf = (address: string, proven: boolean) => Exporter | undefined

/** Stored exporters with a single datagram, which may be spoofed. */
const mostUnproven = 1000

export class TemplateMemory {
  readonly #context: SourceContext
  readonly #decoder: TemplateDecoder
  readonly #listeners: readonly string[]
  #saved = 0
  #warned = false
  #notBefore = 0

  constructor(context: SourceContext, decoder: TemplateDecoder, listen: readonly HostPort[]) {
    this.#context = context
    this.#decoder = decoder
    this.#listeners = listen.map(formatHostPort)
  }

  async load(exporterOf: ExporterOf): Promise<number> {
    const saved = await this.#read()
    return saved === undefined ? 0 : this.#restore(saved, exporterOf)
  }

  async save(exporters: readonly Exporter[]): Promise<void> {
    const { clock } = this.#context.host
    const started = clock.monotonic()
    if (this.#decoder.table.changes === this.#saved || started < this.#notBefore) return
    await this.#replace(exporters.flatMap(withoutParked))
    this.#notBefore = started + 20 * (clock.monotonic() - started)
  }

  /** Also writes parked data. Never rejects. */
  async saveLast(exporters: readonly Exporter[]): Promise<void> {
    const parked = exporters.some(({ state }) => state.bytes.parked > 0)
    const { connections, table } = this.#decoder
    if (parked || connections.size > 0 || table.changes !== this.#saved)
      await this.#replace(exporters.flatMap(withParked), connections.snapshot())
  }

  async #restore(saved: Saved, exporterOf: ExporterOf): Promise<number> {
    this.#decoder.connections.restore(saved.connections ?? [])
    const now = this.#context.host.clock.now()
    const listenerOf = (old: number) => this.#listeners.indexOf(saved.listeners[old] ?? '')
    const exporters: Exporter[] = []
    let waiting = 0
    for (const { address, proven, sessions = [], facts = [], parked = [] } of saved.exporters) {
      const exporter = exporterOf(address, proven)
      if (exporter === undefined) continue
      exporters.push(exporter)
      exporter.lastSeen = Math.max(0, ...sessions.map(({ lastSeen }) => lastSeen))
      restoreExporter({ sessions, facts }, exporter.state, this.#decoder.table, listenerOf, now)
      const sets = parked.map((set) => ({ ...set, bytes: Buffer.from(set.bytes, 'base64') }))
      waiting += restoreParked(sets, exporter.state, this.#decoder, listenerOf, now)
    }
    this.#saved = this.#decoder.table.changes
    // Otherwise a start after a crash would decode it twice.
    if (waiting > 0) await this.#replace(exporters.flatMap(withoutParked))
    return waiting
  }

  async #replace(exporters: readonly SavedExporter[], connections: readonly OpenConnection[] = []) {
    const { state, log, id: source } = this.#context
    const { changes } = this.#decoder.table
    if (state === undefined) return
    try {
      let unproven = 0
      const kept = exporters.filter(({ proven }) => proven || unproven++ < mostUnproven)
      await this.#write(state, { format, listeners: this.#listeners, exporters: kept, connections })
      this.#saved = changes
      this.#warned = false
    } catch (error) {
      if (!this.#warned)
        log.warn('Templates could not be saved; after a restart data is parked until they are announced again.', {
          source,
          error,
        })
      this.#warned = true
    }
  }

  async #write(directory: string, saved: Saved) {
    const { disk } = this.#context.host
    const json = new TextEncoder().encode(JSON.stringify(saved))
    if (json.length > mostBytes) throw new Error(`the file would have ${json.length} bytes`)
    const head = new DataView(new ArrayBuffer(headBytes))
    head.setUint32(0, magic, true)
    head.setUint32(4, crc32(json), true)
    await makeDurableDirectory(disk, directory)
    const temporary = `${directory}/templates.new`
    await disk.remove(temporary)
    const file = await disk.open(temporary, 'create')
    try {
      await file.writeAll([new Uint8Array(head.buffer), json], 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename(temporary, `${directory}/templates`)
    await disk.syncDirectory(directory)
  }

  async #read(): Promise<Saved | undefined> {
    const {
      state,
      host: { disk },
      log,
      id: source,
    } = this.#context
    if (state === undefined) return undefined
    const path = `${state}/templates`
    try {
      if ((await disk.stat(path)) === undefined) return undefined
      const bytes = await disk.readFile(path)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const json = bytes.subarray(headBytes)
      if (bytes.length < headBytes || view.getUint32(0, true) !== magic || view.getUint32(4, true) !== crc32(json))
        throw new Error('wrong checksum')
      const saved = JSON.parse(new TextDecoder().decode(json)) as Saved
      if (saved.format !== format) throw new Error('written by another version of Weir')
      return saved
    } catch (error) {
      log.warn('Saved templates are unreadable and were skipped; data is parked until exporters announce them again.', {
        source,
        file: path,
        error: messageOf(error),
      })
      return undefined
    }
  }
}

function withoutParked({ address, state }: Exporter): readonly SavedExporter[] {
  const snapshot = snapshotExporter(state)
  return snapshot === undefined ? [] : [{ address, proven: state.proven, ...snapshot }]
}

function withParked(exporter: Exporter): readonly SavedExporter[] {
  const parked = snapshotParked(exporter.state).map((set) => ({
    ...set,
    bytes: Buffer.from(set.bytes).toString('base64'),
  }))
  const [saved] = withoutParked(exporter)
  return saved === undefined && parked.length === 0
    ? []
    : [{ address: exporter.address, proven: exporter.state.proven, ...saved, parked }]
}
