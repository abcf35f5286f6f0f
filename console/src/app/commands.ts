import { useEffect } from 'react'

/** Something that the palette offers by name. */
export interface Command {
  readonly name: string
  /** Further words by which it is found. */
  readonly words?: string
  /** Tells it from others of the same name. */
  readonly key?: string
  readonly run: () => void
}

const offered = new Set<readonly Command[]>()

/** Offers commands of a page as long as it is shown. */
export function useCommands(commands: readonly Command[]): void {
  useEffect(() => {
    offered.add(commands)
    return () => void offered.delete(commands)
  }, [commands])
}

export function commandsOfPages(): readonly Command[] {
  return [...offered].flat()
}
