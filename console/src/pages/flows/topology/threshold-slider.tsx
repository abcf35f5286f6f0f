import { amount } from '../overview/names.ts'
import type { Measure } from '../overview/state.ts'
import type { Graph } from '../../../parts/graph/fold.ts'
import { maxThreshold, thresholdOf } from './threshold.ts'
import { topologyText } from '../../../parts/graph/text.ts'

type ThresholdProps = Readonly<{
  graph: Graph
  measure: Measure
  position: number
  onChange: (position: number) => void
}>

export function ThresholdSlider({ graph, measure, position, onChange }: ThresholdProps): React.ReactNode {
  const text =
    position === 0
      ? topologyText.allEdges
      : topologyText.edgesFrom(amount(measure, thresholdOf(graph, measure, position)))
  return (
    <label className="control threshold" title={topologyText.thresholdHint}>
      <input
        type="range"
        min={0}
        max={maxThreshold}
        value={position}
        aria-label={topologyText.threshold}
        aria-valuetext={text}
        onChange={({ target: { value } }) => onChange(Number(value))}
      />
      <output className="number">{text}</output>
    </label>
  )
}
