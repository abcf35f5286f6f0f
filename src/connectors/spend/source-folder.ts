import type { Source, SourceContext } from '../../engine/contracts.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import type { SourceHealth } from '../../engine/sources/health.ts'
import { CsvError } from '../../codecs/focus/index.ts'
import { messageOf } from '../../model/errors.ts'
import { csvOf, spendFolder, type FileRecords, type SpendFile } from './client-files.ts'
import { parquetRows } from './client-parquet.ts'
import type { FolderConfig } from './config.ts'
import { FileReading, removal, type FileRows } from './map.ts'
import { manifestOf, runOf, runsInUse, type Manifest } from './map-runs.ts'
import { SpendState } from './source-state.ts'
import { UnitQueue } from './source-units.ts'

type Seen = Readonly<{ size: number; changed: number; problem?: string; rejected: number }>

/** Emits the rows of each file, and the rows that changed after the file changed. */
export class FolderSource implements Source {
  readonly addresses: readonly string[] = []
  readonly #config: FolderConfig
  readonly #context: SourceContext
  readonly #state: SpendState
  readonly #seen = new Map<string, Seen>()
  /** Files with rows in use; undefined before the first reading. */
  #stored: Set<string> | undefined
  #folderProblem: string | undefined

  constructor(config: FolderConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#state = new SpendState(context)
  }

  health(): SourceHealth | undefined {
    if (this.#folderProblem !== undefined) return { why: this.#folderProblem, counts: 'lasting' }
    const failing = [...this.#seen].find(([, { problem }]) => problem !== undefined)
    return failing && { why: `${failing[0]} is not in use: ${failing[1].problem}`, counts: 'partly' }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { host, log, id } = this.#context
    while (!signal.aborted) {
      try {
        await this.#round(signal)
        this.#folderProblem = undefined
      } catch (error) {
        if (signal.aborted) return
        const problem = messageOf(error)
        if (this.#folderProblem !== problem) log.error('The folder of costs is unreadable.', { source: id, error })
        this.#folderProblem = problem
      }
      await host.timers.sleep(this.#config.every, signal)
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { host, metrics, id } = this.#context
    const folder = await spendFolder(host.disk, this.#config.path)
    const inUse = await this.#runsInUse(folder.files, folder.manifests)
    const isReplaced = (name: string): boolean => {
      const run = runOf(name)
      return run !== undefined && (inUse.get(run.group) ?? run.run) !== run.run
    }
    const files = folder.files.filter(({ name }) => !isReplaced(name))
    for (const name of this.#seen.keys()) if (!files.some((file) => file.name === name)) this.#seen.delete(name)
    for (const file of files) {
      if (signal.aborted) return
      const seen = this.#seen.get(file.name)
      if (seen?.size === file.size && seen.changed === file.changed) continue
      try {
        await this.#take(file, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#reject(file, messageOf(error))
      }
    }
    this.#stored ??= new Set(await this.#state.names())
    for (const name of this.#stored)
      if (!signal.aborted && isReplaced(name) && this.#isRead(runOf(name)?.group)) await this.#replace(name, signal)
    metrics.set('weir_spend_files', [...this.#seen.values()].filter(({ problem }) => problem === undefined).length, {
      source: id,
    })
  }

  async #runsInUse(files: readonly SpendFile[], manifests: readonly SpendFile[]): Promise<ReadonlyMap<string, string>> {
    if (this.#config.runs === 'all') return new Map()
    const { disk } = this.#context.host
    const read: Manifest[] = []
    for (const { name, path } of manifests) {
      const text = new TextDecoder().decode(await disk.readFile(path))
      const manifest = manifestOf(name, text)
      if (manifest !== undefined) read.push(manifest)
    }
    return runsInUse(files, read)
  }

  /** Whether every file of the run in use was read: rows of the run before count until then. */
  #isRead(group: string | undefined): boolean {
    const files = [...this.#seen].filter(([name]) => runOf(name)?.group === group)
    return files.length > 0 && files.every(([, { problem }]) => problem === undefined)
  }

  /** Removes the rows of a file of an earlier run. If the run is in use again, the file is read again. */
  async #replace(name: string, signal: AbortSignal): Promise<void> {
    const { host, metrics, id, log } = this.#context
    const now = host.clock.now()
    const state = await this.#state.of(name)
    const rows = [...(state?.rows ?? [])]
    const units = this.#units(signal)
    try {
      for (const [key, entry] of rows) {
        units.add(
          removal(key, entry, { source: this.#config.origin, file: name, collected: now, estimated: false }, now),
        )
        if (units.isFull) await units.flush()
      }
      await units.end()
    } finally {
      await units.settled()
    }
    await this.#state.record(name, { size: 0, changed: 0, emitted: now, rows: new Map() })
    this.#stored?.delete(name)
    if (rows.length === 0) return
    metrics.count('weir_spend_rows_total', rows.length, { source: id, outcome: 'removed' })
    log.info('A later run of the export replaced a file of costs.', { source: id, file: name, rows: rows.length })
  }

  async #take(file: SpendFile, signal: AbortSignal): Promise<void> {
    const { host, metrics, id, log, storeRetentionMs = Infinity } = this.#context
    const now = host.clock.now()
    const state = await this.#state.of(file.name)
    // The store forgets rows after its retention.
    const isStored = state !== undefined && state.emitted > now - storeRetentionMs / 2
    const { name, size, changed } = file
    if (isStored && state.size === size && state.changed === changed) {
      this.#seen.set(name, { size, changed, rejected: 0 })
      return
    }
    const before: FileRows = isStored ? state.rows : new Map()
    const reading = await this.#read(file, before, signal)
    let removed = 0
    const units = this.#units(signal)
    try {
      for (const event of reading.removed(now)) {
        removed++
        units.add(event)
        if (units.isFull) await units.flush()
      }
      await units.end()
    } finally {
      await units.settled()
    }
    this.#stored?.add(name)
    await this.#state.record(name, { size, changed, emitted: isStored ? state.emitted : now, rows: reading.rows })
    const counts = {
      changed: reading.changed,
      unchanged: reading.rows.size - reading.changed,
      removed,
      rejected: reading.rejectedRows,
    }
    for (const [outcome, rows] of Object.entries(counts))
      metrics.count('weir_spend_rows_total', rows, { source: id, outcome })
    metrics.count('weir_spend_reads_total', 1, { source: id, outcome: 'accepted' })
    if (reading.rejectedRows > 0) {
      this.#context.shed('malformed', reading.rejectedRows)
      log.warn('Rows of a file of costs are not usable and were skipped.', {
        source: id,
        file: name,
        rows: reading.rejectedRows,
        first: reading.rejected.map(({ line, reason }) => `line ${line}: ${reason}`).join(' '),
      })
    }
    if (reading.unreadableTags > 0) {
      metrics.count('weir_spend_rows_total', reading.unreadableTags, { source: id, outcome: 'without_tags' })
      log.warn('Tags of rows of a file of costs are not readable; the rows count without them.', {
        source: id,
        file: name,
        rows: reading.unreadableTags,
      })
    }
    log.info('Read a file of costs.', { source: id, file: name, ...counts })
    this.#seen.set(name, { size, changed, rejected: reading.rejectedRows })
  }

  #units(signal: AbortSignal): UnitQueue {
    return new UnitQueue((events) => appendEvents(this.#context, events, { signal }))
  }

  /** Emits new and changed rows while it reads. */
  async #read(file: SpendFile, before: FileRows, signal: AbortSignal): Promise<FileReading> {
    const units = this.#units(signal)
    try {
      const reading = await this.#readInto(units, file, before, signal)
      await units.end()
      return reading
    } finally {
      await units.settled()
    }
  }

  async #readInto(units: UnitQueue, file: SpendFile, before: FileRows, signal: AbortSignal): Promise<FileReading> {
    const { columns, constants, origin, estimated, max_rows: maxRows, delimiter } = this.#config
    const { disk, clock } = this.#context.host
    const from = { source: origin, file: file.name, collected: clock.now(), estimated }
    const begin = (header: readonly string[]): FileReading => {
      const begun = new FileReading(header, { columns, constants }, from, before)
      if (begun.missing.length > 0)
        throw new CsvError(`It has no column for ${begun.missing.join(', ')}; set \`columns\` or \`constants\`.`)
      return begun
    }
    let reading: FileReading | undefined
    const take = async (records: FileRecords, into: FileReading): Promise<void> => {
      for (const { line, values } of records) {
        if (into.rows.size >= maxRows)
          throw new CsvError(`It has more than ${maxRows} rows; split it, or raise \`max_rows\`.`)
        const event = into.take(line, values)
        if (event === undefined) continue
        units.add(event)
        if (units.isFull) await units.flush()
      }
    }
    if (file.name.endsWith('.parquet'))
      for await (const { header, records } of parquetRows(file.path, signal)) {
        reading ??= begin(header)
        await take(records, reading)
      }
    else
      for await (const records of csvOf(disk, file.path, delimiter)) {
        const [first, ...others] = records
        if (reading !== undefined) await take(records, reading)
        else if (first !== undefined) {
          reading = begin(first.values)
          await take(others, reading)
        }
      }
    if (reading === undefined) throw new CsvError('It has no rows.')
    if (reading.rows.size === 0 && reading.rejectedRows > 0) {
      const [first] = reading.rejected
      throw new CsvError(`No row is usable; line ${first?.line}: ${first?.reason}`)
    }
    return reading
  }

  /** Rows of the reading before stay in use. */
  #reject({ name, size, changed }: SpendFile, problem: string): void {
    const { log, metrics, id } = this.#context
    metrics.count('weir_spend_reads_total', 1, { source: id, outcome: 'rejected' })
    if (this.#seen.get(name)?.problem !== problem)
      log.error('A file of costs is rejected; rows of its last reading stay in use.', {
        source: id,
        file: name,
        problem,
      })
    this.#seen.set(name, { size, changed, problem, rejected: 0 })
  }
}
