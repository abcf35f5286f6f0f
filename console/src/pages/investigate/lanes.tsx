import { useLayoutEffect, useRef, useState } from 'react'
import type { Investigation, Lane, LaneName } from '../../../../src/api/published.ts'
import { useBrush } from '../../hooks/use-brush.ts'
import { count, momentAt, shortTime } from '../../parts/format.ts'
import { investigateText } from './text.ts'
import { clustersOf, laneTitles, type LaneEvent } from './events.ts'
import { Figures } from './figures.tsx'
import { laneParts } from './lane-parts.ts'

type LanesProps = Readonly<{
  of: Investigation
  /** Lanes that have not arrived. */
  waiting: readonly LaneName[]
  events: readonly LaneEvent[]
  hide: readonly string[]
  pins: readonly string[]
  selected: string
  onHide: (lane: string) => void
  onOpen: (event: LaneEvent) => void
  onSpan: (from: string, to: string) => void
}>

/** The least target size of WCAG 2.2, and a gap. */
const markPx = 26
const ticks = 5

export function Lanes({
  of,
  waiting,
  events,
  hide,
  pins,
  selected,
  onHide,
  onOpen,
  onSpan,
}: LanesProps): React.ReactNode {
  const container = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(600)
  useLayoutEffect(() => {
    const element = container.current
    if (element === null) return undefined
    const observer = new ResizeObserver(() => setWidth(Math.max(markPx, element.clientWidth)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const span = { from: Date.parse(of.span.from), to: Date.parse(of.span.to) }
  const { brushed, onPointerDown } = useBrush(({ from, to }) => {
    const at = (part: number) => new Date(Math.round(span.from + part * (span.to - span.from))).toISOString()
    onSpan(at(from), at(to))
  })
  return (
    <section className="panel lanes" aria-label={investigateText.lanes}>
      {lanesOf(of, waiting).map((lane) => (
        <div
          key={lane.name}
          className="lane"
          data-lane={lane.name}
          data-state={lane.state}
          aria-busy={lane.state === 'waiting'}
        >
          <Head of={lane} hidden={hide.includes(lane.name)} onHide={() => onHide(lane.name)} />
          <div
            className="lane-track"
            ref={lane.name === 'traffic' ? container : undefined}
            title={investigateText.brushHint}
            onPointerDown={onPointerDown}
          >
            {lane.state !== 'waiting' && <Figures of={of} lane={lane} />}
            {brushed !== undefined && (
              <i
                className="lane-brushed"
                style={{ left: `${brushed.from * 100}%`, width: `${(brushed.to - brushed.from) * 100}%` }}
              />
            )}
            {clustersOf(
              events.filter((event) => event.lane === lane.name),
              span,
              markPx / width,
            ).map(({ at, until, events: several }) => {
              const [first] = several as readonly [LaneEvent]
              const isPinned = several.some(({ key }) => pins.includes(key))
              const text = `${shortTime(first.time)} ${first.object}: ${first.text}`
              return (
                <button
                  key={first.key}
                  type="button"
                  className={`lane-mark ${first.lane} ${first.is} ${first.level}${isPinned ? ' pinned' : ''}`}
                  style={
                    until === undefined
                      ? { left: `calc(${at} * (100% - 24px))` }
                      : { left: `calc(${at} * (100% - 24px))`, width: `max(24px, ${(until - at) * 100}%)` }
                  }
                  aria-pressed={several.some(({ key }) => key === selected)}
                  aria-label={several.length === 1 ? text : investigateText.severalEvents(String(several.length), text)}
                  title={several.length === 1 ? text : investigateText.severalEvents(String(several.length), text)}
                  onClick={() => onOpen(first)}
                >
                  {several.length > 1 ? several.length : <i aria-hidden="true" />}
                </button>
              )
            })}
            {lane.state === 'waiting' ? (
              <p className="lane-without dim">{investigateText.waiting}</p>
            ) : (
              lane.state !== 'shown' && <Without of={lane} />
            )}
          </div>
        </div>
      ))}
      <div className="lane lane-axis" aria-hidden="true">
        <span />
        <div className="lane-ticks mono dim">
          {Array.from({ length: ticks }, (_, index) => (
            <span key={index}>{momentAt(span.from + ((span.to - span.from) * index) / (ticks - 1))}</span>
          ))}
        </div>
      </div>
    </section>
  )
}

type ShownLane = Lane | Readonly<{ name: LaneName; state: 'waiting'; total: 0; items: readonly [] }>

/** A lane keeps its place while it is read. */
function lanesOf({ lanes }: Investigation, waiting: readonly LaneName[]): readonly ShownLane[] {
  const rows = waiting.map((name) => ({ name, state: 'waiting', total: 0, items: [] }) as const)
  const names = laneParts.flat() as readonly LaneName[]
  return [...lanes, ...rows].toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
}

function Head({ of: { name, total, items }, hidden, onHide }: { of: ShownLane; hidden: boolean; onHide: () => void }) {
  const title = laneTitles[name]
  return (
    <div className="lane-head">
      <span>{title}</span>
      {items.length > 0 && (
        <button
          type="button"
          className="chip"
          aria-pressed={!hidden}
          aria-label={(hidden ? investigateText.showLane : investigateText.hideLane)(title, count(total))}
          title={total > items.length ? investigateText.newestOf(count(items.length), count(total)) : undefined}
          onClick={onHide}
        >
          {count(total)}
        </button>
      )}
    </div>
  )
}

const states = {
  empty: investigateText.empty,
  'not-collected': investigateText.notCollected,
  'not-permitted': investigateText.notPermitted,
  'not-applicable': investigateText.notApplicable,
} as const

function Without({ of: { state, note } }: { of: Lane }) {
  if (state === 'shown') return null
  return (
    <p className="lane-without">
      <b>{states[state]}</b>
      {note !== null && <span className="dim">{note}</span>}
    </p>
  )
}
