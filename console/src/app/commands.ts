import { useEffect } from 'react'
import { presets, rangeText, type Range } from '../state/range.ts'
import { generalText } from '../text/general.ts'

export type Command = Readonly<{
  name: string
  words?: string
  /** The kind of a found entry, shown beside its name. */
  detail?: string
  key?: string
  run: () => void
}>

const offered = new Set<readonly Command[]>()

export function useCommands(commands: readonly Command[]): void {
  useEffect(() => {
    offered.add(commands)
    return () => void offered.delete(commands)
  }, [commands])
}

export function commandsOfPages(): readonly Command[] {
  return [...offered].flat()
}

export function rangeCommands(onRange: (range: Range) => void): readonly Command[] {
  return presets.map((range) => ({
    name: generalText.span(rangeText(range)),
    words: generalText.timeRange,
    run: () => onRange(range),
  }))
}
