/** Reports unreadable ranges once a later header determines their rows. */
import type { Disk, DiskFile } from '../host/index.ts'
import type { Position } from '../model/positions.ts'
import { checkpointEnds } from './checkpoint.ts'
import type { DecodedHeader } from './frame.ts'
import { segmentStart } from './paths.ts'
import { SegmentScanner } from './scan.ts'
import type { Durable, FrameHeader, UnreadableRange } from './types.ts'

export type WalkedFrame = Readonly<{
  segment: string
  offset: number
  decoded: DecodedHeader
  body: Uint8Array
}>

interface OpenRange {
  segment: string
  offset: number
  bytes: number
  known: number
}

export class Walk {
  readonly #disk: Disk
  readonly #directory: string
  readonly #onUnreadable: (range: UnreadableRange) => void
  readonly #headersOnly: boolean
  #segment = ''
  #file: DiskFile | undefined
  #scanner: SegmentScanner | undefined
  #size: number | undefined
  #bound: number | undefined
  #lastSequence: number
  #row: number
  #damage: OpenRange[] = []
  #first: string | undefined
  #cut: FrameHeader | undefined
  #unit: FrameHeader | undefined
  readonly #onCut: (header: FrameHeader) => void

  constructor(options: {
    disk: Disk
    directory: string
    after: Position
    onUnreadable?: (range: UnreadableRange) => void
    onCut?: (header: FrameHeader) => void
    headersOnly?: boolean
    from?: string
  }) {
    this.#disk = options.disk
    this.#directory = options.directory
    this.#lastSequence = options.after.sequence
    this.#row = options.after.sequence === 0 ? Number.NaN : options.after.row
    this.#onUnreadable = options.onUnreadable ?? (() => {})
    this.#onCut = options.onCut ?? (() => {})
    this.#headersOnly = options.headersOnly ?? false
    if (options.from !== undefined) this.#first = options.from
  }

  /** Up to `durable`, or the end on disk; undefined if there is none yet. */
  async next(durable?: Durable): Promise<WalkedFrame | undefined> {
    for (;;) {
      if (this.#scanner === undefined && !(await this.#enter(durable))) return undefined
      const scanner = this.#scanner!
      const file = this.#file!
      const live = durable !== undefined && durable.segment === this.#segment
      const limit = live ? durable.offset : (this.#size ??= await this.#end(file, durable))
      const scanned = this.#headersOnly ? await scanner.nextHeader(limit) : await scanner.next(limit)
      const header =
        scanned.is === 'end' ? undefined : scanned.is === 'frame' ? scanned.decoded.header : scanned.header?.header
      if (!live && header !== undefined && (await this.#isFenced(header, durable))) {
        if (!(await this.#leave(durable))) return undefined
        continue
      }
      if (scanned.is === 'frame') {
        const { decoded, offset } = scanned
        if (!this.#continues(decoded.header)) {
          this.#damaged(offset, decoded.headerBytes + decoded.header.bodyBytes, decoded)
          continue
        }
        this.#lastSequence = decoded.header.sequence
        this.#arrive(decoded)
        return { segment: this.#segment, offset, decoded, body: scanned.body }
      }
      if (scanned.is === 'damage') {
        this.#damaged(scanned.offset, scanned.bytes, scanned.header)
        continue
      }
      if (live || !(await this.#leave(durable))) return undefined
    }
  }

  /** No later header counts rows at the very end. */
  flush(): void {
    for (const range of this.#damage) this.#report(range, range.known > 0 ? range.known : null)
    this.#damage = []
  }

  pendingDamage(): number {
    return this.#damage.reduce((sum, range) => sum + range.bytes, 0)
  }

  /** If it is newer than every whole frame. */
  lastDamagedHeader(): FrameHeader | undefined {
    return this.#cut
  }

  async pendingBytes(durable: Durable): Promise<number> {
    let bytes = -(this.#scanner?.offset ?? 0)
    for (const name of await this.#segments(durable)) {
      if (name < this.#segment) continue
      bytes +=
        name === durable.segment ? durable.offset : ((await this.#disk.stat(`${this.#directory}/${name}`))?.size ?? 0)
    }
    return Math.max(0, bytes)
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
    this.#scanner = undefined
  }

  async #segments(durable: Durable | undefined): Promise<string[]> {
    const names = (await this.#disk.list(this.#directory)).filter((name) => segmentStart(name) !== undefined)
    return durable === undefined ? names : names.filter((name) => name <= durable.segment)
  }

  async #enter(durable: Durable | undefined): Promise<boolean> {
    const names = await this.#segments(durable)
    const next = this.#lastSequence + 1
    const later = names.findIndex((name) => (segmentStart(name) ?? 0) > next)
    const start = this.#first ?? names[later === -1 ? names.length - 1 : Math.max(0, later - 1)]
    this.#first = undefined
    return start === undefined ? false : this.#open(start, durable)
  }

  async #leave(durable: Durable | undefined): Promise<boolean> {
    const next = (await this.#segments(durable)).find((name) => name > this.#segment)
    return next === undefined ? false : this.#open(next, durable)
  }

  /** Whether the writer had lost the folder: it acknowledged none of these frames. */
  async #isFenced({ sequence, epoch }: FrameHeader, durable: Durable | undefined): Promise<boolean> {
    if (this.#bound !== undefined && sequence < this.#bound) return false
    const next = (await this.#segments(durable)).find((name) => name > this.#segment)
    this.#bound = segmentStart(next ?? '') ?? Infinity
    if (next === undefined || sequence < this.#bound) return false
    const first = await this.#firstHeader(next)
    const isLater = first?.sequence === this.#bound && first.epoch > epoch
    if (!isLater) this.#bound = Infinity
    return isLater
  }

  /** Its size, or where the next checkpoint ends it: later frames were refused and could not be truncated. */
  async #end(file: DiskFile, durable: Durable | undefined): Promise<number> {
    const size = await file.size()
    for (const name of await this.#segments(durable)) {
      if (name <= this.#segment) continue
      const header = await this.#firstHeader(name)
      const ends = header === undefined ? undefined : checkpointEnds(header)
      if (ends !== undefined) return Math.min(size, ends[this.#segment] ?? size)
    }
    return size
  }

  async #firstHeader(segment: string): Promise<FrameHeader | undefined> {
    const file = await this.#disk.open(`${this.#directory}/${segment}`, 'read')
    try {
      const first = await new SegmentScanner(file, 0, 0).nextHeader(await file.size())
      return first.is === 'frame' && first.offset === 0 ? first.decoded.header : undefined
    } finally {
      await file.close()
    }
  }

  async #open(name: string, durable: Durable | undefined): Promise<boolean> {
    await this.close()
    const path = `${this.#directory}/${name}`
    try {
      this.#file = await this.#disk.open(path, 'read')
    } catch (error) {
      if ((await this.#disk.stat(path)) !== undefined) throw error
      this.#segment = name
      return false
    }
    this.#segment = name
    this.#size = undefined
    this.#bound = undefined
    this.#scanner = new SegmentScanner(this.#file, 0, 0)
    // Row 0 begins a journal; later first segments get it from their first header.
    if (segmentStart(name) === 1 && Number.isNaN(this.#row)) this.#row = 0
    await this.#skip(durable?.segment === name ? durable.offset : await this.#file.size())
    return true
  }

  /** Not beyond `limit`: the scanner reads ahead, and a write under way has zeros there. */
  async #skip(limit: number) {
    const scanner = this.#scanner!
    const sequence = this.#lastSequence
    let from = scanner.offset
    while (sequence > 0) {
      const header = await scanner.nextHeader(limit)
      if (header.is !== 'frame' || header.decoded.header.sequence > sequence) break
      from = scanner.offset
    }
    scanner.offset = from
    scanner.lastSequence = sequence
  }

  #damaged(offset: number, bytes: number, header: DecodedHeader | undefined) {
    const last = this.#damage.at(-1)
    let rows = 0
    if (header !== undefined) {
      this.#cut = header.header
      this.#onCut(header.header)
      this.#settle(header)
      rows = header.header.more ? 0 : header.header.count
      this.#row = header.header.firstRow + rows
      this.#lastSequence = header.header.sequence
      this.#report({ segment: this.#segment, offset, bytes, known: rows }, rows)
      return
    }
    if (last !== undefined && last.segment === this.#segment && last.offset + last.bytes === offset) last.bytes += bytes
    else this.#damage.push({ segment: this.#segment, offset, bytes, known: rows })
  }

  #continues(header: FrameHeader): boolean {
    const { part, source, epoch, sourceSequence } = header
    const before = this.#unit
    const continues =
      part === 0 ||
      (before?.part === part - 1 &&
        before.source === source &&
        before.epoch === epoch &&
        before.sourceSequence === sourceSequence)
    this.#unit = continues && header.more ? header : undefined
    return continues
  }

  #arrive(decoded: DecodedHeader) {
    this.#settle(decoded)
    const { header } = decoded
    this.#row = header.firstRow + (header.more ? 0 : header.count)
  }

  #settle(decoded: DecodedHeader) {
    const { header } = decoded
    const missing = Number.isNaN(this.#row) ? 0 : header.firstRow - this.#row
    const isCounted = !header.afterLoss && !Number.isNaN(this.#row)
    if (this.#damage.length === 0) {
      if (missing > 0 && isCounted) this.#report({ segment: this.#segment, offset: 0, bytes: 0, known: 0 }, missing)
      return
    }
    // The last range reports the rows of all.
    const last = this.#damage.length - 1
    this.#damage.forEach((range, index) => this.#report(range, isCounted ? (index === last ? missing : 0) : null))
    this.#damage = []
  }

  #report(range: OpenRange, events: number | null) {
    this.#onUnreadable({ segment: range.segment, offset: range.offset, bytes: range.bytes, events })
  }
}
