import { entityColors } from '../../../parts/entity-colors.ts'
import { sankey, sankeyLinkHorizontal } from 'd3-sankey'
import { useEffect, useMemo, useRef, useState } from 'react'
import { difference } from '../../../parts/difference.ts'
import { amount, valueName } from './names.ts'
import { shareText } from './share-text.ts'
import { othersName, type Share, type Shares } from './sums.ts'
import type { Measure } from './state.ts'
import { panelsText } from './text.ts'

type SankeyProps = Readonly<{
  data: Shares
  fields: readonly string[]
  measure: Measure
  others: boolean
  least: number
  onOnly: (share: Share) => void
}>

type Node = Readonly<{
  id: string
  name: string
  side: 'from' | 'to'
}>

type Link = Readonly<{
  source: string
  target: string
  value: number
  share: Share
}>

/** One node per value and side, so a value can be on both sides. Widths are proportional to amounts. */
function graphOf(
  data: Shares,
  fields: readonly string[],
  { others }: Readonly<{ others: boolean }>,
): Readonly<{ nodes: readonly Node[]; links: readonly Link[] }> {
  const nodes = new Map<string, Node>()
  const node = (side: Node['side'], name: string, prefix: string) => {
    const id = `${side} ${prefix}${name}`
    nodes.set(id, { id, name, side })
    return id
  }
  const links = data.shares
    .filter((share) => share.amount > 0 && (others || share.cells !== undefined))
    .map((share): Link => {
      const [from = othersName, to = othersName] =
        share.cells?.map((cell, index) => valueName(fields[index] ?? '', cell)) ?? []
      const prefix = share.cells === undefined ? panelsText.allPrefix : '= '
      return { source: node('from', from, prefix), target: node('to', to, prefix), value: share.amount, share }
    })
  return { nodes: [...nodes.values()], links }
}

export function Sankey({ data, fields, measure, others, least, onOnly }: SankeyProps): React.ReactNode {
  const container = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(600)
  useEffect(() => {
    const element = container.current
    if (element === null) return undefined
    const follow = new ResizeObserver(() => setWidth(Math.max(240, Math.round(element.clientWidth))))
    follow.observe(element)
    return () => follow.disconnect()
  }, [])
  const drawn = useMemo(() => {
    const { nodes, links } = graphOf(data, fields, { others })
    if (links.length === 0) return undefined
    const height = Math.max(
      least,
      26 * Math.max(...(['from', 'to'] as const).map((side) => nodes.filter((node) => node.side === side).length)),
    )
    const room = Math.min(150, width * 0.3)
    const layout = sankey<Node, Link>()
      .nodeId(({ id }) => id)
      .nodeWidth(8)
      .nodePadding(15)
      .nodeSort(null)
      .extent([
        [room, 8],
        [width - room, height - 8],
      ])
    return {
      height,
      room,
      graph: layout({ nodes: nodes.map((node) => ({ ...node })), links: links.map((link) => ({ ...link })) }),
    }
  }, [data, fields, others, least, width])
  const path = sankeyLinkHorizontal<Node, Link>()
  const colors = useMemo(() => {
    const names = [...new Set(drawn?.graph.links.map(({ source }) => (source as Node).name))]
    return new Map(entityColors(names).map((color, index) => [names[index], color]))
  }, [drawn])
  return (
    <div className="sankey" ref={container}>
      {drawn !== undefined && (
        <svg
          width={width}
          height={drawn.height}
          role="img"
          aria-label={panelsText.sankeyTotal(amount(measure, data.total))}
        >
          {drawn.graph.links.map((link) => {
            const isOthers = link.share.cells === undefined
            return (
              <path
                key={link.share.name}
                d={path(link) ?? ''}
                className={`ribbon of-${isOthers ? 'other' : (colors.get((link.source as Node).name) ?? 0) + 1}`}
                strokeWidth={Math.max(1, link.width ?? 1)}
                onClick={isOthers ? undefined : () => onOnly(link.share)}
              >
                <title>{shareText(link.share, measure, data.total)}</title>
              </path>
            )
          })}
          {drawn.graph.nodes.map(({ id, name, side, x0 = 0, x1 = 0, y0 = 0, y1 = 0 }) => (
            <g key={id}>
              <rect x={x0} y={y0} width={x1 - x0} height={Math.max(1, y1 - y0)} className="sankey-node" />
              <text
                x={side === 'from' ? x0 - 6 : x1 + 6}
                y={(y0 + y1) / 2}
                textAnchor={side === 'from' ? 'end' : 'start'}
                dominantBaseline="central"
              >
                {shortened(name, drawn.room)}
                {data.earlier !== undefined && <tspan className="dim"> {changeOf(drawn.graph.links, id)}</tspan>}
                <title>{name}</title>
              </text>
            </g>
          ))}
        </svg>
      )}
    </div>
  )
}

type Drawn = Readonly<{ source: Node | string | number; target: Node | string | number; share: Share }>

/** Of all links of a node; empty if the earlier amount of a link is not known. */
function changeOf(links: readonly Drawn[], id: string): string {
  const own = links.filter(({ source, target }) => [source, target].some((end) => (end as Node).id === id))
  const earlier = own.map(({ share }) => share.earlier)
  if (earlier.includes(undefined)) return ''
  const sum = (amounts: readonly (number | undefined)[]) => amounts.reduce<number>((all, next) => all + (next ?? 0), 0)
  return difference(sum(own.map(({ share }) => share.amount)), sum(earlier))
}

function shortened(name: string, room: number) {
  const most = Math.max(6, Math.floor((room - 8) / 7.4))
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`
}
