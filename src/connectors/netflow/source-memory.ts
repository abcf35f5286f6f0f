import { crc32 } from 'node:zlib'
import { restoreExporter, snapshotExporter, type ExporterSnapshot } from '../../codecs/templates/snapshot.ts'
import type { TemplateTable } from '../../codecs/templates/table.ts'
import type { SourceContext } from '../../engine/ports.ts'
import { makeDurableDirectory } from '../../host/index.ts'
import { formatHostPort, type HostPort } from '../../schema/index.ts'
import type { Exporter } from './source-exporters.ts'

/** u32 magic · u32 CRC-32 of the rest · JSON */
const magic = 0x314d5457
const headBytes = 8
const mostBytes = 64 * 1024 * 1024

interface Saved {
  readonly listeners: readonly string[]
  readonly exporters: readonly (ExporterSnapshot & { readonly address: string })[]
}

/**
 * What exporters told about their records, kept over restarts: data that comes before its template is announced again
 * is decoded at once. The file is replaced as a whole; one that is damaged is left alone, and templates come again.
 */
export class TemplateMemory {
  readonly #context: SourceContext
  readonly #table: TemplateTable
  #saved = 0
  #warned = false
  /** Monotonic ms before which nothing is written: saving a lot must not take up all the time. */
  #notBefore = 0

  constructor(context: SourceContext, table: TemplateTable) {
    this.#context = context
    this.#table = table
  }

  async load(listen: readonly HostPort[], exporterOf: (address: string) => Exporter | undefined): Promise<void> {
    const saved = await this.#read()
    if (saved === undefined) return
    const now = this.#context.host.clock.now()
    const places = listen.map(formatHostPort)
    // Listeners may have moved in the list.
    const listenerOf = (old: number): number => places.indexOf(saved.listeners[old] ?? '')
    for (const snapshot of saved.exporters) {
      const exporter = exporterOf(snapshot.address)
      if (exporter !== undefined) restoreExporter(snapshot, exporter.state, this.#table, listenerOf, now)
    }
    this.#saved = this.#table.changes
  }

  /** Writes when something has changed. Never rejects. */
  async save(exporters: readonly Exporter[], listen: readonly HostPort[]): Promise<void> {
    const { state, host } = this.#context
    const { changes } = this.#table
    const started = host.clock.monotonic()
    if (state === undefined || changes === this.#saved || started < this.#notBefore) return
    try {
      // Those that were seen often come first: they are kept when there is not room for all.
      const all = exporters.flatMap((exporter) => {
        const snapshot = snapshotExporter(exporter.state)
        return snapshot === undefined ? [] : [{ address: exporter.address, ...snapshot }]
      })
      await this.#write(state, { listeners: listen.map(formatHostPort), exporters: all })
      this.#saved = changes
      this.#warned = false
    } catch (error) {
      if (!this.#warned) this.#context.log.warn('Templates could not be saved; after a restart data waits until they are announced again.', { source: this.#context.id, error })
      this.#warned = true
    }
    this.#notBefore = started + 20 * (host.clock.monotonic() - started)
  }

  async #write(directory: string, saved: Saved): Promise<void> {
    const { disk } = this.#context.host
    const json = new TextEncoder().encode(JSON.stringify(saved))
    if (json.length > mostBytes) throw new Error(`they take ${json.length} bytes`)
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
    const { state, host: { disk }, log, id: source } = this.#context
    if (state === undefined) return undefined
    const path = `${state}/templates`
    try {
      if ((await disk.stat(path)) === undefined) return undefined
      const bytes = await disk.readFile(path)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const json = bytes.subarray(headBytes)
      if (bytes.length < headBytes || view.getUint32(0, true) !== magic || view.getUint32(4, true) !== crc32(json)) throw new Error('its checksum is wrong')
      return JSON.parse(new TextDecoder().decode(json)) as Saved
    } catch (error) {
      log.warn('Saved templates cannot be read and are left out; data waits until exporters announce them again.', {
        source, file: path, error: error instanceof Error ? error.message : String(error),
      })
      return undefined
    }
  }
}
