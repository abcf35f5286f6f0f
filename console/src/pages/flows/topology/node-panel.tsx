import { count, volume } from '../../../parts/format.ts'
import { amount, measureNames } from '../overview/names.ts'
import { isOnRequest, type Measure } from '../overview/state.ts'
import { groupName, type Graph } from '../../../parts/graph/fold.ts'
import { TroubleText } from '../../../parts/graph/trouble-text.tsx'
import { generalText } from '../../../text/general.ts'
import { topologyText } from '../../../parts/graph/text.ts'

type NodePanelProps = Readonly<{
  graph: Graph
  measure: Measure
  at: number
  pinned: boolean
  onChoose: (key: string) => void
  onStep: () => void
  onGroup: (() => void) | undefined
  /** Undefined: the node has no group of several nodes. */
  fold: Readonly<{ folded: boolean; turn: () => void }> | undefined
  onFlows: () => void
  onPin: () => void
}>

const peersShown = 12

const isAlone = ({ stands, cells }: Graph['nodes'][number]) => stands === 1 && cells !== undefined

export function NodePanel({
  graph,
  measure,
  at,
  pinned,
  onChoose,
  onStep,
  onGroup,
  fold,
  onFlows,
  onPin,
}: NodePanelProps): React.ReactNode {
  const node = graph.nodes[at]
  if (node === undefined) return null
  const alone = isAlone(node)
  return (
    <aside className="panel drawer" aria-label={generalText.node}>
      <div className="drawer-head">
        <h2>{node.label}</h2>
        <button type="button" className="quiet" aria-label={generalText.close} onClick={() => onChoose('')}>
          ✕
        </button>
      </div>
      <div className="drawer-body">
        <NodeFacts of={node} measure={measure} />
        <div className="node-acts">
          {alone && (
            <button type="button" onClick={onStep}>
              {topologyText.expand}
            </button>
          )}
          {onGroup !== undefined && (
            <button type="button" onClick={onGroup}>
              {topologyText.onlyItsGroup}
            </button>
          )}
          {fold !== undefined && (
            <button type="button" aria-pressed={fold.folded} onClick={fold.turn}>
              {fold.folded ? topologyText.unfoldGroup : topologyText.foldGroup}
            </button>
          )}
          {alone && (
            <button type="button" onClick={onFlows}>
              {topologyText.showFlows}
            </button>
          )}
          <button type="button" aria-pressed={pinned} onClick={onPin}>
            {pinned ? topologyText.unpin : topologyText.pinHere}
          </button>
        </div>
        <Peers graph={graph} measure={measure} at={at} onChoose={onChoose} />
      </div>
    </aside>
  )
}

function NodeFacts({ of: node, measure }: { of: Graph['nodes'][number]; measure: Measure }) {
  return (
    <dl>
      {!node.group.startsWith('[') && (
        <>
          <dt>{topologyText.group}</dt>
          <dd>{groupName(node.group)}</dd>
        </>
      )}
      {!isAlone(node) && (
        <>
          <dt>{topologyText.combines}</dt>
          <dd>{topologyText.nodeCount(count(node.stands))}</dd>
        </>
      )}
      <dt>{topologyText.sent}</dt>
      <dd title={topologyText.byteCount(count(node.sent.bytes))}>
        {topologyText.amounts(volume(node.sent.bytes), count(node.sent.flows))}
      </dd>
      <dt>{topologyText.received}</dt>
      <dd title={topologyText.byteCount(count(node.received.bytes))}>
        {topologyText.amounts(volume(node.received.bytes), count(node.received.flows))}
      </dd>
      {isOnRequest(measure) && (
        <>
          <dt>{measureNames[measure]}</dt>
          <dd>
            {topologyText.sentReceived(amount(measure, node.sent[measure]), amount(measure, node.received[measure]))}
          </dd>
        </>
      )}
    </dl>
  )
}

type PeersProps = Pick<NodePanelProps, 'graph' | 'measure' | 'at' | 'onChoose'>

function Peers({ graph, measure, at, onChoose }: PeersProps) {
  const edges = graph.edges.filter(({ from, to }) => from === at || to === at)
  return (
    <>
      <h3>
        {topologyText.peers(
          edges.length > peersShown ? topologyText.largestPeers(peersShown, count(edges.length)) : '',
        )}
      </h3>
      <ul className="peers">
        {edges.slice(0, peersShown).map(({ from, to, trouble, ...sums }) => {
          const neighbour = graph.nodes[from === at ? to : from]
          return (
            neighbour !== undefined && (
              <li key={`${from} ${to}`}>
                <span aria-hidden="true">{from === at ? '→' : '←'}</span>
                <span className="spoken">{from === at ? topologyText.toPeer : topologyText.fromPeer}</span>
                <button type="button" className="quiet" onClick={() => onChoose(neighbour.key)}>
                  {neighbour.label}
                </button>
                {trouble !== undefined && <TroubleText trouble={trouble} />}
                <span className="number">{amount(measure, sums[measure])}</span>
              </li>
            )
          )
        })}
      </ul>
    </>
  )
}
