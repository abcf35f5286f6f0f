import type { BatchTransform, TransformOutput } from '../../engine/contracts.ts'
import { nowhere, type Position } from '../../model/positions.ts'
import type { AggregateConfig } from './config.ts'
import { aggregateStep, type WindowedTransform } from './step.ts'

type Settings = Pick<AggregateConfig, 'rows' | 'window' | 'time' | 'lateness' | 'by' | 'values'>

/** Rows count under the settings at the journal's time of their receipt. */
interface Era {
  /** Journal time of the first row, Unix ms. */
  readonly since: number
  readonly settings: Settings
}

/** Recorded with results. */
interface Memo {
  readonly now: number
  readonly eras: readonly Era[]
}

interface Part extends WindowedTransform {
  readonly era: Era
}

/**
 * Results that are written follow from the former settings, and no row may be missing in them or count twice. So a
 * change of the windows takes effect with rows after each written result, where the open window ends.
 */
export function aggregateEras(config: AggregateConfig, id: string): BatchTransform {
  const { rows, window, time, lateness, by, values } = config
  const settings: Settings = { rows, window, time, lateness, by, values }
  let now = 0
  let position: Position = nowhere
  let recorded: Memo = { now: 0, eras: [] }

  const partOf = (era: Era): Part => {
    // Open windows have the groups and values of the new settings, unless these are of rows of another kind.
    const cut = era.settings.rows === rows ? { by, values } : {}
    return { era, ...aggregateStep({ ...config, ...era.settings, ...cut }, id, era.since) }
  }
  let parts = [partOf({ since: 0, settings })]

  const close = (at: number): TransformOutput[] => {
    now = Math.max(now, at)
    return parts.flatMap(({ windows }) => windows.close(now))
  }
  const memo = (): Memo => ({ now, eras: parts.map(({ era }) => era) })
  return {
    take(piece) {
      if (piece.rows.length === 0) return { outputs: [], failures: [] }
      const closed = close(piece.header.received)
      const part = parts.findLast(({ era }) => era.since <= now) ?? (parts[0] as Part)
      const { outputs, failures } = part.take(piece)
      return { outputs: [...closed, ...outputs], failures }
    },
    windows: {
      begin(at, written) {
        recorded = written === undefined ? { now: 0, eras: [] } : (JSON.parse(written) as Memo)
        const { eras } = recorded
        now = at.time
        position = at
        // Eras that ended before have no rows here.
        parts = eras.filter((_, index) => (eras[index + 1]?.since ?? Infinity) > now).map(partOf)
        if (parts.length === 0) parts = [partOf({ since: 0, settings })]
        for (const { windows } of parts) windows.begin(at)
      },
      at(next) {
        position = next
        for (const { windows } of parts) windows.at(next)
      },
      holds: () =>
        parts
          .map(({ windows }) => windows.holds())
          .reduce((a, b) => (b.sequence < a.sequence || (b.sequence === a.sequence && b.row < a.row) ? b : a)),
      due() {
        const dues = parts.flatMap(({ windows }) => windows.due() ?? [])
        return dues.length === 0 ? undefined : Math.min(...dues)
      },
      close,
      memo: () => JSON.stringify(memo()),
      restored() {
        const last = Math.max(now, recorded.now)
        // No row was in an era that had not begun.
        parts = parts.filter(({ era }, index) => index === 0 || era.since <= last)
        const part = parts.at(-1) as Part
        const { settings: before } = part.era
        if (areWindowsSame(before, settings)) parts = parts.with(-1, { ...part, era: { ...part.era, settings } })
        else {
          const isOpen = recorded.now > now || part.windows.due() !== undefined
          const since = isOpen ? (Math.floor(last / before.window) + 1) * before.window : last + 1
          const next = partOf({ since, settings })
          next.windows.begin({ ...position, time: now })
          parts = [...parts, next]
        }
        return JSON.stringify(memo().eras) !== JSON.stringify(recorded.eras)
      },
    },
  }
}

function areWindowsSame(a: Settings, b: Settings): boolean {
  return a.rows === b.rows && a.window === b.window && a.time === b.time && a.lateness === b.lateness
}
