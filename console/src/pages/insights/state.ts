import { severities, type InsightList, type InsightSelection } from './requests.ts'
import { codecOf } from '../../state/codec.ts'
import { oneOf, text, textList } from '../../state/parts.ts'

export type InsightsState = Readonly<{
  list: (typeof lists)[number]
  text: string
  severity: readonly string[]
  /** `running`, `fixable`, `exposed`, `exploited`, `unscanned`. */
  only: readonly string[]
  image: string
  sort: ProblemSort
  /** Digests of the compared images. */
  from: string
  to: string
  /** The open row. */
  sel: string
}>

export const lists = ['problems', 'packages', 'facts', 'images', 'compare'] as const
export type InsightTab = Exclude<InsightsState['list'], 'compare'>
export const problemSorts = ['reach', 'severity', 'priority', 'epss'] as const
export type ProblemSort = (typeof problemSorts)[number]

export const insightsCodec = codecOf<InsightsState>({
  list: oneOf(lists, 'problems'),
  text: text(),
  severity: textList(),
  only: textList(),
  image: text(),
  sort: oneOf(problemSorts, 'reach'),
  from: text(),
  to: text(),
  sel: text(),
})

/** The list of the API that a tab shows: a row for each problem. */
export const listOf = (tab: InsightTab): InsightList => (tab === 'problems' ? 'flaws' : tab)

/** Parameters of the API for a list. */
export function selectionOf(
  list: InsightList,
  { text: words, severity, only, image, sort }: InsightsState,
): InsightSelection {
  const known = severity.filter((candidate) => severities.some((name) => name === candidate))
  const isProblem = list === 'problems' || list === 'flaws'
  const conditions = [
    ...(isProblem && known.length > 0 ? [`severity in (${known.join(', ')})`] : []),
    ...(isProblem && only.includes('fixable') ? ['exists(fixed_version)'] : []),
    ...(only.includes('running') ? ['pods > 0'] : []),
    ...((isProblem || list === 'images') && only.includes('exposed') ? ['exposure = external'] : []),
    ...(isProblem && only.includes('exploited') ? ['kev = true'] : []),
    ...(list === 'images' && only.includes('unscanned') ? ['scanned = false'] : []),
  ]
  return {
    text: words,
    image,
    filter: conditions.join(' and '),
    ...(list === 'flaws' && sort !== 'reach' ? { sort } : {}),
  }
}
