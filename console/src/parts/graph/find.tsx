import { useMemo } from 'react'
import { count } from '../format.ts'
import type { Graph } from './fold.ts'
import { topologyText } from './text.ts'

type FindProps = Readonly<{
  graph: Graph
  text: string
  chosen: string
  onText: (text: string) => void
  onFound: (key: string) => void
}>

export function foundIn({ nodes }: Graph, text: string): readonly number[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return []
  return nodes.flatMap(({ label, cells }, index) =>
    cells !== undefined &&
    [label, ...cells].some((value) => typeof value === 'string' && value.toLowerCase().includes(wanted))
      ? [index]
      : [],
  )
}

export function Find({ graph, text, chosen, onText, onFound }: FindProps): React.ReactNode {
  const found = useMemo(() => foundIn(graph, text), [graph, text])
  const at = found.findIndex((index) => graph.nodes[index]?.key === chosen)
  const go = (by: 1 | -1) => {
    const next = found[at < 0 ? (by > 0 ? 0 : found.length - 1) : (at + by + found.length) % found.length]
    const key = next === undefined ? undefined : graph.nodes[next]?.key
    if (key !== undefined) onFound(key)
  }
  return (
    <form
      className="find"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        go(1)
      }}
    >
      <input
        type="search"
        aria-label={topologyText.findNodes}
        placeholder={topologyText.findANode}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !event.shiftKey) return
          event.preventDefault()
          go(-1)
        }}
      />
      {text.trim() !== '' && (
        <>
          <span className="number dim" role="status">
            {found.length === 0
              ? topologyText.noMatchDrawn
              : at < 0
                ? count(found.length)
                : topologyText.matchOf(count(at + 1), count(found.length))}
          </span>
          <button
            type="button"
            aria-label={topologyText.previousMatch}
            disabled={found.length === 0}
            onClick={() => go(-1)}
          >
            ↑
          </button>
          <button type="button" aria-label={topologyText.nextMatch} disabled={found.length === 0} onClick={() => go(1)}>
            ↓
          </button>
        </>
      )}
    </form>
  )
}
