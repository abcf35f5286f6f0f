import { count, volume } from '../../../parts/format.ts'
import { amount, measureNames } from '../overview/names.ts'
import { isFurther, type Measure } from '../overview/state.ts'
import { groupName, type Graph } from './fold.ts'

interface NodePanelProps {
  readonly graph: Graph
  readonly measure: Measure
  readonly at: number
  readonly pinned: boolean
  readonly onChoose: (key: string) => void
  readonly onStep: () => void
  /** Undefined: it is in no group. */
  readonly onGroup: (() => void) | undefined
  readonly onFlows: () => void
  readonly onPin: () => void
}

const peersShown = 12

/** What is chosen, and with whom it exchanges most. */
export function NodePanel({
  graph,
  measure,
  at,
  pinned,
  onChoose,
  onStep,
  onGroup,
  onFlows,
  onPin,
}: NodePanelProps): React.ReactNode {
  const node = graph.nodes[at]
  if (node === undefined) return null
  const own = graph.edges.filter(({ from, to }) => from === at || to === at)
  const alone = node.stands === 1 && node.cells !== undefined
  return (
    <aside className="panel drawer" aria-label="Node">
      <div className="drawer-head">
        <h2>{node.label}</h2>
        <button type="button" className="quiet" aria-label="Close" onClick={() => onChoose('')}>
          ✕
        </button>
      </div>
      <div className="drawer-body">
        <dl>
          {!node.group.startsWith('[') && (
            <>
              <dt>Group</dt>
              <dd>{groupName(node.group)}</dd>
            </>
          )}
          {!alone && (
            <>
              <dt>Stands for</dt>
              <dd>{count(node.stands)} nodes</dd>
            </>
          )}
          <dt>Sent</dt>
          <dd title={`${count(node.sent.bytes)} bytes`}>
            {volume(node.sent.bytes)} · {count(node.sent.flows)} flows
          </dd>
          <dt>Received</dt>
          <dd title={`${count(node.received.bytes)} bytes`}>
            {volume(node.received.bytes)} · {count(node.received.flows)} flows
          </dd>
          {isFurther(measure) && (
            <>
              <dt>{measureNames[measure]}</dt>
              <dd>
                {amount(measure, node.sent[measure])} sent, {amount(measure, node.received[measure])} received
              </dd>
            </>
          )}
        </dl>
        <div className="node-acts">
          {alone && (
            <button type="button" onClick={onStep}>
              Step into
            </button>
          )}
          {onGroup !== undefined && (
            <button type="button" onClick={onGroup}>
              Only its group
            </button>
          )}
          {alone && (
            <button type="button" onClick={onFlows}>
              Its flows
            </button>
          )}
          <button type="button" aria-pressed={pinned} onClick={onPin}>
            {pinned ? 'Unpin' : 'Pin here'}
          </button>
        </div>
        <h3>Exchanges with{own.length > peersShown ? `, the largest ${peersShown} of ${count(own.length)}` : ''}</h3>
        <ul className="peers">
          {own.slice(0, peersShown).map(({ from, to, ...sums }) => {
            const other = graph.nodes[from === at ? to : from]
            return (
              other !== undefined && (
                <li key={`${from} ${to}`}>
                  <span aria-hidden="true">{from === at ? '→' : '←'}</span>
                  <span className="spoken">{from === at ? 'to' : 'from'}</span>
                  <button type="button" className="quiet" onClick={() => onChoose(other.key)}>
                    {other.label}
                  </button>
                  <span className="number">{amount(measure, sums[measure])}</span>
                </li>
              )
            )
          })}
        </ul>
      </div>
    </aside>
  )
}
