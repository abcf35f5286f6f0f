import { NetObservReader } from '../../codecs/netobserv-json/index.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { backoffMs } from '../../host/backoff.ts'
import { aborted } from '../../host/with-timeout.ts'
import type { DiskFile } from '../../host/index.ts'
import { FlowUnits } from '../../ingest/flow-units.ts'
import { defaultLimits } from '../../ingest/write.ts'
import { messageOf } from '../../model/errors.ts'
import { headBytes, headOf, isSame, standardInput, type Head } from './client-input.ts'
import type { FileSourceConfig, fileSourceSchema } from './config.ts'
import { inputPath, LineCutter } from './map-lines.ts'

const chunkBytes = 256 * 1024
const followMs = 1000
const sizeEvery = 256
const waits = { firstMs: 500, maxMs: 30_000, jitter: 0 }

export const source = defineSource<typeof fileSourceSchema>('file', {
  build: openFileSource,
  async verify({ path, follow }, { host }) {
    if (path === inputPath || follow) return
    await (await host.disk.open(path, 'read')).close()
  },
})

type FileSourceStatus = Readonly<{
  position: number
  malformed: number
  why?: string
}>

interface FileSource extends Source {
  status(): FileSourceStatus
}

type Cursor = Readonly<{
  position: number
  head: Head
}>

export function openFileSource(config: FileSourceConfig, context: SourceContext): Promise<FileSource> {
  return Promise.resolve(new LineSource(config, context))
}

class LineSource implements FileSource {
  readonly addresses: readonly string[] = []
  readonly #config: FileSourceConfig
  readonly #context: SourceContext
  readonly #units: FlowUnits
  readonly #reader: NetObservReader
  readonly #cutter: LineCutter
  #head: Head | undefined
  #synced = 0
  #malformed = 0
  #unrecorded = false
  #why: string | undefined

  constructor(config: FileSourceConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#units = new FlowUnits(context, defaultLimits.bytes)
    this.#reader = new NetObservReader(this.#units.flows)
    this.#cutter = new LineCutter(config.max_line)
  }

  status(): FileSourceStatus {
    return {
      position: this.#synced,
      malformed: this.#malformed,
      ...(this.#why === undefined ? {} : { why: this.#why }),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { path } = this.#config
    if (path === inputPath) await this.#readInput(signal)
    else await this.#readFile(path, signal)
    await aborted(signal)
  }

  async #readInput(signal: AbortSignal) {
    const input = standardInput(this.#context.host.disk)
    for (let chunk = await input.next(signal); chunk !== undefined; chunk = await input.next(signal))
      await this.#take(chunk, signal)
    if (!signal.aborted) await this.#finish(signal)
  }

  async #readFile(path: string, signal: AbortSignal) {
    const { host, log, id } = this.#context
    let before = cursorOf(this.#context.cursor)
    for (let failed = 0; !signal.aborted;) {
      try {
        const isComplete = await this.#readThrough(path, before, signal)
        failed = 0
        this.#why = undefined
        if (isComplete) return
      } catch (error) {
        this.#why = `${path} cannot be read: ${messageOf(error)}`
        if (failed === 0)
          log.warn('The file cannot be read now; it is retried.', { source: id, path, error: messageOf(error) })
        await host.timers.sleep(backoffMs(waits, failed++, 0), signal)
      }
      before = this.#head === undefined ? before : { position: this.#synced, head: this.#head }
    }
  }

  async #readThrough(path: string, before: Cursor | undefined, signal: AbortSignal): Promise<boolean> {
    const { host } = this.#context
    const { follow, repeat } = this.#config
    const file = await host.disk.open(path, 'read')
    try {
      const resumes = before !== undefined && (await isSame(file, before.head, before.position))
      this.#begin(resumes ? before.position : 0)
      while (!signal.aborted) {
        await this.#readToEnd(file, signal)
        if (signal.aborted) break
        if (follow) {
          await host.timers.sleep(followMs, signal)
          if (await this.#isReplaced(path, file)) {
            // Its last line gets no end any more.
            await this.#finish(signal)
            return false
          }
        } else {
          await this.#finish(signal)
          if (repeat === 0) return true
          await host.timers.sleep(repeat, signal)
          this.#begin(0)
        }
      }
      return false
    } finally {
      await file.close()
    }
  }

  #begin(position: number) {
    this.#cutter.reset(position)
    this.#units.flows.reset()
    this.#synced = position
    this.#head = undefined
  }

  async #readToEnd(file: DiskFile, signal: AbortSignal) {
    const chunk = new Uint8Array(chunkBytes)
    let at = this.#cutter.end
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      if (isFirst || this.#head === undefined || this.#head.bytes < headBytes) this.#head = await headOf(file)
      const read = await file.read(chunk, at)
      if (read === 0) break
      at += read
      await this.#take(chunk.subarray(0, read), signal)
    }
  }

  async #isReplaced(path: string, file: DiskFile): Promise<boolean> {
    const size = await file.size()
    if (size < this.#cutter.end) return true
    const { disk } = this.#context.host
    if (size > this.#cutter.end || (await disk.stat(path)) === undefined) return false
    const diskFile = await disk.open(path, 'read')
    try {
      return !(await isSame(diskFile, await headOf(file), size))
    } finally {
      await diskFile.close()
    }
  }

  async #take(chunk: Uint8Array, signal: AbortSignal) {
    const { id, metrics } = this.#context
    metrics.count('weir_file_read_bytes_total', chunk.length, { source: id })
    const { flows } = this.#units
    for (const line of this.#cutter.lines(chunk)) {
      this.#decode(line)
      const isFull =
        flows.count >= defaultLimits.rows || (flows.count % sizeEvery === 0 && flows.bytes >= defaultLimits.bytes)
      if (isFull && !(await this.#append(signal))) return
    }
    await this.#append(signal)
  }

  async #finish(signal: AbortSignal) {
    const line = this.#cutter.last()
    if (line !== undefined) this.#decode(line)
    await this.#append(signal)
  }

  #decode(line: Buffer) {
    const text = line.toString().trim()
    if (text === '') return
    const { id, host, metrics } = this.#context
    const received = { time: host.clock.now(), skewLimit: this.#config.skew_limit }
    if (this.#reader.read(text, received))
      metrics.count('weir_file_lines_total', 1, { source: id, outcome: 'accepted' })
    else this.#reject('the line is no JSON object')
  }

  #reject(reason: string) {
    const { id, log, metrics } = this.#context
    if (this.#malformed++ === 0)
      log.warn('A line is no flow; it is skipped and counted, as are later ones.', {
        source: id,
        path: this.#config.path,
        position: this.#cutter.position,
        reason,
      })
    this.#unrecorded = true
    this.#context.shed('malformed', 1)
    metrics.count('weir_file_lines_total', 1, { source: id, outcome: 'malformed' })
  }

  async #append(signal: AbortSignal): Promise<boolean> {
    for (; this.#cutter.tooLong > 0; this.#cutter.tooLong--) this.#reject('the line exceeds `max_line`')
    const { flows } = this.#units
    const { position } = this.#cutter
    if (flows.count === 0 && !this.#unrecorded) {
      this.#synced = position
      return true
    }
    const { id, host, log } = this.#context
    const cursor: Cursor | undefined = this.#head === undefined ? undefined : { position, head: this.#head }
    const unit = this.#units.cut(
      host.clock.now(),
      cursor === undefined ? undefined : new TextEncoder().encode(JSON.stringify(cursor)),
    )
    for (let failed = 0; ; failed++) {
      try {
        await this.#context.append(unit)
        break
      } catch (error) {
        this.#why = `the journal accepts no flows: ${messageOf(error)}`
        if (signal.aborted) {
          // Standard input cannot be read again.
          if (cursor === undefined) this.#context.shed('journal_behind', unit.count)
          return false
        }
        if (failed === 0)
          log.warn('The journal accepts no flows now; reading waits.', { source: id, error: messageOf(error) })
        await host.timers.sleep(backoffMs(waits, failed, 0), signal)
      }
    }
    this.#units.recycle(unit)
    this.#countOmitted()
    this.#unrecorded = false
    this.#why = undefined
    this.#synced = position
    return true
  }

  #countOmitted() {
    const { wrong } = this.#reader
    let omitted = 0
    for (const values of wrong.values()) omitted += values
    wrong.clear()
    if (omitted > 0)
      this.#context.metrics.count('weir_file_omitted_values_total', omitted, { source: this.#context.id })
  }
}

function cursorOf(written: Uint8Array | undefined) {
  return written === undefined ? undefined : (JSON.parse(new TextDecoder().decode(written)) as Cursor)
}
