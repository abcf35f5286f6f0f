import type { JournalCheck } from '../../src/journal/index.ts'
import type { Appended, Frame, JournalWriter, UnreadableRange } from '../../src/journal/types.ts'
import { WeirError } from '../../src/model/errors.ts'
import type { Position } from '../../src/model/positions.ts'
import type { ModelUnit } from './units.ts'
import { cursorText } from './units.ts'

export function violated(what: string): never {
  throw new Error(what)
}

export function must(condition: boolean, what: () => string): asserts condition {
  if (!condition) violated(what())
}

const label = (unit: ModelUnit): string =>
  `${unit.unit.stream} (${unit.unit.source}, ${unit.unit.count} rows, ${unit.state})`

/** The contract of the journal without a disk. It knows only calls, responses and rows read. */
export class Reference {
  readonly units: ModelUnit[] = []
  /** The unit at each sequence and stable id, over all lives. */
  readonly #bySequence = new Map<number, ModelUnit>()
  readonly #byId = new Map<string, ModelUnit>()
  #released = 0
  #flips = 0
  #unreadable = false

  call(unit: ModelUnit): void {
    this.units.push(unit)
  }

  accept(unit: ModelUnit, appended: Appended): void {
    unit.state = 'accepted'
    unit.promised = true
    unit.appended = appended
    this.#place(unit, appended.position.sequence, appended.epoch, appended.sourceSequence)
    for (const other of this.units) {
      if (other.appended === undefined || other === unit) continue
      must(
        other.index < unit.index === other.appended.position.sequence < appended.position.sequence,
        () => `${label(unit)} was appended after ${label(other)} and stands before it`,
      )
    }
  }

  refuse(unit: ModelUnit, error: unknown): void {
    unit.state = 'refused'
    unit.untruncated = true
    must(error instanceof WeirError, () => `append failed with something else than a WeirError: ${String(error)}`)
    must(error.retry, () => `append failed for good: ${error.message}`)
  }

  endLife(): void {
    for (const unit of this.units) {
      unit.untruncated = false
      if (unit.state === 'waiting') unit.state = 'unknown'
    }
  }

  release(sequence: number): void {
    this.#released = Math.max(this.#released, sequence)
  }

  /** A journal was opened and read from its oldest frame. */
  opened(frames: readonly Frame[], journal: JournalWriter): void {
    const present = this.#recognise(frames)
    this.#nothingIsMissing(present)
    // Counted and delivered from now on.
    for (const unit of present) unit.promised = true
    const sources = new Set(this.units.map((unit) => unit.unit.source))
    for (const source of sources) this.#cursorIsRight(source, present, journal)
  }

  /** A reader received these frames after position `after`. */
  delivered(after: Position, frames: readonly Frame[]): void {
    const present = this.#recognise(frames)
    const last = frames.at(-1)?.header.sequence
    if (last === undefined) return
    for (const frame of frames)
      must(frame.firstSequence > after.sequence, () => `frame ${frame.header.sequence} was read twice`)
    for (const unit of this.units) {
      const sequence = unit.appended?.position.sequence
      if (sequence === undefined || sequence <= after.sequence || sequence >= last || unit.damaged) continue
      must(present.has(unit), () => `a reader passed over ${label(unit)}`)
    }
  }

  /** All durable rows, when nothing is in progress. */
  holds(
    frames: readonly Frame[],
    journal: JournalWriter,
    check: JournalCheck,
    unreadable: readonly UnreadableRange[],
  ): void {
    const present = this.#recognise(frames)
    this.#nothingIsMissing(present)
    const read = frames.reduce((sum, frame) => sum + frame.header.count, 0)
    must(read <= check.events, () => `a reader finds ${read} rows, a check ${check.events}`)
    const base = frames[0]?.header.firstRow ?? journal.tail.durable().row
    const { row } = journal.tail.durable()
    const reported = check.unreadable.map((stretch) => stretch.events)
    const lost = reported.reduce<number>((sum, events) => sum + (events ?? 0), 0)
    const sum = `${base} before + ${read} read + ${lost} unreadable`
    const stretches = JSON.stringify(check.unreadable)
    // Refused units that could not be truncated are void once the next segment exists.
    const refused = this.units.reduce(
      (rows, unit) => rows + (unit.untruncated && !present.has(unit) ? unit.unit.count : 0),
      0,
    )
    if (reported.includes(null)) must(base + read <= row, () => `more rows than there are: ${sum} of ${row}`)
    else {
      // Rows before the oldest readable frame may be reported as unreadable too.
      must(
        base + read + lost >= row && read + lost <= row + refused,
        () => `rows do not add up: ${sum}, ${row} in all; ${stretches}`,
      )
    }
    if (this.#flips === 0) {
      const promised = unreadable.length === 0 ? 0 : lost
      const never = this.units.reduce(
        (rows, unit) => rows + (unit.promised || present.has(unit) ? 0 : unit.unit.count),
        0,
      )
      must(promised <= never, () => `${lost} rows are called unreadable and only ${never} can be missing; ${stretches}`)
    }
    const accepted = [...journal.totals().values()].reduce((rows, total) => rows + total.accepted, 0)
    // If every header of a source is lost, the row count is known and their source is not.
    this.#unreadable ||= check.unreadable.length > 0
    must(
      accepted <= row && (this.#unreadable || accepted >= row),
      () => `sources accepted ${accepted} rows, the journal counts ${row}`,
    )
    this.#totalsAreRight(present, journal)
  }

  flipped(
    before: readonly Frame[],
    after: readonly Frame[],
    checkBefore: JournalCheck,
    checkAfter: JournalCheck,
  ): void {
    this.#flips++
    this.#unreadable ||= checkAfter.unreadable.length > 0
    const was = this.#recognise(before)
    const is = this.#recognise(after)
    for (const unit of is) must(was.has(unit), () => `a flipped bit brought back ${label(unit)}`)
    const lost = [...was].filter((unit) => !is.has(unit))
    must(lost.length <= 1, () => `one flipped bit made ${lost.map(label).join(' and ')} unreadable`)
    for (const unit of lost) {
      unit.damaged = true
      const reportedEvents = (check: JournalCheck): number =>
        check.unreadable.reduce((sum, stretch) => sum + (stretch.events ?? Number.POSITIVE_INFINITY), 0)
      must(
        reportedEvents(checkAfter) >= reportedEvents(checkBefore) + unit.unit.count,
        () => `${label(unit)} is unreadable and not counted: ${JSON.stringify(checkAfter.unreadable)}`,
      )
    }
  }

  /** The units of these frames; each must equal the appended one, once, in order. */
  #recognise(frames: readonly Frame[]): Set<ModelUnit> {
    const found = new Set<ModelUnit>()
    let last: ModelUnit | undefined
    for (const frame of frames) {
      const { header } = frame
      const unit = this.units[Number(header.stream.slice(1))]
      if (unit === undefined) violated(`frame ${header.sequence} is of no unit: ${header.source} ${header.stream}`)
      must(!found.has(unit), () => `${label(unit)} is there twice`)
      must(
        last === undefined || last.index < unit.index,
        () => `${label(unit)} stands after ${last === undefined ? '' : label(last)}`,
      )
      last = unit
      found.add(unit)
      this.#place(unit, header.sequence, header.epoch, header.sourceSequence)
      const { unit: given } = unit
      must(
        header.source === given.source &&
          header.kind === given.kind &&
          header.count === given.count &&
          header.received === given.received,
        () => `the header of ${label(unit)} is not the appended one: ${JSON.stringify(header)}`,
      )
      must(cursorText(header.cursor) === cursorText(given.cursor), () => `${label(unit)} has another cursor`)
      must(Buffer.compare(frame.body(), given.raw) === 0, () => `${label(unit)} has another body`)
    }
    return found
  }

  /** A position and a stable id always belong to one unit. */
  #place(unit: ModelUnit, sequence: number, epoch: number, sourceSequence: number): void {
    const id = `${unit.unit.source}:${epoch}:${sourceSequence}`
    const there = this.#bySequence.get(sequence)
    must(
      there === undefined || there === unit,
      () => `sequence ${sequence} was ${label(there as ModelUnit)} and is now ${label(unit)}`,
    )
    const named = this.#byId.get(id)
    must(
      named === undefined || named === unit,
      () => `id ${id} was ${label(named as ModelUnit)} and is now ${label(unit)}`,
    )
    must(
      unit.sequence === undefined || unit.sequence === sequence,
      () => `${label(unit)} moved from ${unit.sequence} to ${sequence}`,
    )
    this.#bySequence.set(sequence, unit)
    this.#byId.set(id, unit)
    unit.sequence = sequence
  }

  #nothingIsMissing(present: ReadonlySet<ModelUnit>): void {
    for (const unit of this.units) {
      if (!unit.promised || present.has(unit) || unit.damaged) continue
      must(
        (unit.sequence ?? 0) <= this.#released,
        () =>
          `${label(unit)} was ${unit.state === 'accepted' ? 'accepted' : 'covered by the cursor at start'} and is gone`,
      )
    }
  }

  #cursorIsRight(source: string, present: ReadonlySet<ModelUnit>, journal: JournalWriter): void {
    const own = this.units.filter((unit) => unit.unit.source === source && unit.unit.cursor !== undefined)
    const sure = own.findLast((unit) => unit.promised && !unit.damaged)
    // Rows that a reader saw before release count as accepted.
    const allowed = own.filter(
      (unit) =>
        unit.index >= (sure?.index ?? 0) &&
        (unit === sure ||
          present.has(unit) ||
          unit.damaged ||
          (unit.sequence !== undefined && unit.sequence <= this.#released)),
    )
    const cursor = cursorText(journal.totals().get(source)?.cursor)
    const fits =
      allowed.some((unit) => cursorText(unit.unit.cursor) === cursor) || (cursor === undefined && sure === undefined)
    must(
      fits,
      () =>
        `the cursor of ${source} is ${cursor ?? 'none'}, and may be ` +
        `${allowed.map((unit) => cursorText(unit.unit.cursor)).join(', ') || 'none'} only`,
    )
  }

  /** Duplicate and shed counts of every accepted unit, and no more than reported. */
  #totalsAreRight(present: ReadonlySet<ModelUnit>, journal: JournalWriter): void {
    for (const [source, total] of journal.totals()) {
      const own = this.units.filter((unit) => unit.unit.source === source)
      const sum = (units: readonly ModelUnit[], pick: (unit: ModelUnit) => number): number =>
        units.reduce((all, unit) => all + pick(unit), 0)
      const sure = own.filter((unit) => (unit.promised && !unit.damaged) || (present.has(unit) && !unit.damaged))
      for (const [name, actual, pick] of [
        ['accepted rows', total.accepted, (unit: ModelUnit) => unit.unit.count],
        ['duplicates', total.duplicates, (unit: ModelUnit) => unit.unit.duplicates ?? 0],
        ['shed rows', total.shed['full'] ?? 0, (unit: ModelUnit) => unit.unit.shed?.['full'] ?? 0],
      ] as const) {
        const least = sum(sure, pick)
        const most = sum(own, pick)
        must(
          actual >= least && actual <= most,
          () => `${source} has ${actual} ${name}, between ${least} and ${most} are right`,
        )
      }
    }
  }
}
