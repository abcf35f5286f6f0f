import { useEffect } from 'react'

export interface Command {
  readonly name: string
  readonly words?: string
  /** Distinguishes commands with the same name. */
  readonly key?: string
  readonly run: () => void
}

const offered = new Set<readonly Command[]>()

/** Registers the commands of a page while it is mounted. */
export function useCommands(commands: readonly Command[]): void {
  useEffect(() => {
    offered.add(commands)
    return () => void offered.delete(commands)
  }, [commands])
}

export function commandsOfPages(): readonly Command[] {
  return [...offered].flat()
}
