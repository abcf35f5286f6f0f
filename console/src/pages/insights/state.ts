import { severities, type InsightList, type InsightSelection } from '../../api/insights.ts'
import { codecOf } from '../../state/codec.ts'
import { oneOf, text, textList } from '../../state/parts.ts'

export type InsightsState = Readonly<{
  list: InsightList
  text: string
  severity: readonly string[]
  /** `running`, `fixable`, `unscanned`. */
  only: readonly string[]
  image: string
  /** The open row. */
  sel: string
}>

export const lists = ['problems', 'packages', 'images'] as const

export const insightsCodec = codecOf<InsightsState>({
  list: oneOf(lists, 'problems'),
  text: text(),
  severity: textList(),
  only: textList(),
  image: text(),
  sel: text(),
})

/** Parameters of the API for a list. */
export function selectionOf(
  list: InsightList,
  { text: words, severity, only, image }: InsightsState,
): InsightSelection {
  const known = severity.filter((each) => severities.some((one) => one === each))
  const conditions = [
    ...(list === 'problems' && known.length > 0 ? [`severity in (${known.join(', ')})`] : []),
    ...(list === 'problems' && only.includes('fixable') ? ['exists(fixed_version)'] : []),
    ...(only.includes('running') ? ['pods > 0'] : []),
    ...(list === 'images' && only.includes('unscanned') ? ['scanned = false'] : []),
  ]
  return { text: words, image, filter: conditions.join(' and ') }
}
