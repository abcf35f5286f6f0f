import { useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Pipeline } from '../../../../src/api/published.ts'
import { count, duration, perSecond, size } from '../../parts/format.ts'
import { layoutOf, type Box } from './layout.ts'
import { total, type PipelineView, type SinkState, type SinkView, type SourceView } from '../../api/pipeline-view.ts'
import { partNames, pipelineText } from '../../text/pipeline.ts'

type PictureProps = Readonly<{
  view: PipelineView
  journal: Pipeline['journal']
  rates: ReadonlyMap<string, number>
  selected: string
  onOpen: (id: string) => void
}>

export function Picture({ view, journal, rates, selected, onOpen }: PictureProps): React.ReactNode {
  const container = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = container.current
    if (element === null) return undefined
    const measure = () => setWidth(element.clientWidth)
    measure()
    const follow = new ResizeObserver(measure)
    follow.observe(element)
    return () => follow.disconnect()
  }, [])
  const layout = useMemo(() => layoutOf(view, width), [view, width])
  const content = (box: Box): React.ReactNode => {
    if (box.id === 'journal') return <JournalBox accepted={view.accepted} journal={journal} />
    const name = box.id.slice(box.id.indexOf(':') + 1)
    const source = box.id.startsWith('source:') ? view.sources.find((candidate) => candidate.name === name) : undefined
    const sink = box.id.startsWith('sink:') ? view.sinks.find((candidate) => candidate.name === name) : undefined
    return source === undefined ? (
      sink === undefined ? null : (
        <SinkBox sink={sink} rate={rates.get(name)} />
      )
    ) : (
      <SourceBox source={source} />
    )
  }
  return (
    <div className="picture" ref={container} style={{ height: layout.height }}>
      {width > 0 && (
        <>
          <svg width={layout.width} height={layout.height} aria-hidden="true">
            {layout.lines.map(({ key, path, width: thick, broken }) => (
              <path key={key} d={path} strokeWidth={thick} className={broken ? 'broken' : undefined} />
            ))}
          </svg>
          {layout.boxes.map((box) => (
            <button
              key={box.id}
              type="button"
              className="box"
              aria-pressed={selected === box.id}
              style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
              onClick={() => onOpen(selected === box.id ? '' : box.id)}
            >
              {content(box)}
            </button>
          ))}
        </>
      )}
    </div>
  )
}

function SourceBox({ source: { name, type, rate, accepted, shed, unreadable, error } }: { source: SourceView }) {
  const lost = total(shed)
  return (
    <>
      <span className="box-line">
        <b>{name}</b>
        <span className="dim">{type === name ? '' : type || pipelineText.derivedOrRemoved}</span>
      </span>
      <span className="box-line">
        <span>{pipelineText.acceptedRows(count(accepted))}</span>
        <span className="dim">{perSecond(rate)}</span>
      </span>
      <span className="box-line">
        {error !== undefined ? (
          <span className="bad">✕ {error}</span>
        ) : lost > 0 ? (
          <span className="warning">{pipelineText.shedRows(count(lost))}</span>
        ) : unreadable > 0 ? (
          <span className="bad">{pipelineText.unreadableRows(count(unreadable))}</span>
        ) : (
          <span className="dim">{pipelineText.nothingShed}</span>
        )}
      </span>
    </>
  )
}

function JournalBox({ accepted, journal }: { accepted: number; journal: Pipeline['journal'] }) {
  return (
    <>
      <span className="box-line">
        <b>{pipelineText.journal}</b>
      </span>
      <span className="box-line">{count(accepted)}</span>
      <span className="box-line dim">{pipelineText.rowsAccepted}</span>
      <span className="box-line dim">{size(journal.bytes)}</span>
    </>
  )
}

export const marks: Readonly<Record<SinkState, readonly [mark: string, tone: string]>> = {
  running: ['●', 'good'],
  retrying: ['▲', 'warning'],
  blocked: ['■', 'bad'],
  stopped: ['■', 'dim'],
  orphaned: ['▲', 'warning'],
  gone: ['○', 'dim'],
}

const partTones = ['p-delivered', 'p-pending', 'p-filtered', 'p-dead', 'p-dropped', 'p-lost'] as const

function SinkBox({
  sink: { name, state, lagMs, parts, accepted, balanced },
  rate,
}: {
  sink: SinkView
  rate: number | undefined
}) {
  const [mark, tone] = marks[state]
  const rest = parts.filter((part) => part.name !== 'delivered' && part.rows > 0)
  return (
    <>
      <span className="box-line">
        <b>{name}</b>
        <span>
          <span className={tone}>
            {mark} {state === 'gone' ? pipelineText.notRunning : state}
          </span>
        </span>
      </span>
      <span className="box-line">
        <span>{pipelineText.deliveredRows(count(parts[0]?.rows ?? 0))}</span>
        <span className="dim">{rate === undefined ? '' : perSecond(rate)}</span>
      </span>
      <Shares parts={parts} accepted={accepted} />
      <span className="box-line">
        <span>
          {!balanced ? (
            <span className="bad">{pipelineText.doesNotBalance}</span>
          ) : rest.length === 0 ? (
            <span className="dim">{pipelineText.allAcceptedRows}</span>
          ) : (
            rest.map((part, index) => (
              <span
                key={part.name}
                className={
                  part.name === 'dead_letters'
                    ? 'bad'
                    : part.name === 'dropped' || part.name === 'quarantined'
                      ? 'warning'
                      : undefined
                }
              >
                {index > 0 && ' · '}
                {partNames[part.name]} {count(part.rows)}
              </span>
            ))
          )}
        </span>
        <span className="dim">{lagMs === undefined ? '' : pipelineText.lagOf(duration(lagMs))}</span>
      </span>
    </>
  )
}

function Shares({ parts, accepted }: Pick<SinkView, 'parts' | 'accepted'>) {
  return (
    <span className="parts-bar" aria-hidden="true">
      {accepted > 0 &&
        parts.map(({ name, rows }, index) =>
          rows === 0 ? null : <i key={name} className={partTones[index]} style={{ flexGrow: rows / accepted }} />,
        )}
    </span>
  )
}
