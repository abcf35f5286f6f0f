export { readCursor, writeCursor } from './cursor.ts'
export {
  amongKeys,
  cutInTies,
  isSortable,
  keysSql,
  pageOf,
  pageSql,
  pageFingerprint,
  type Cursor,
  type PageRequest,
  type SortKey,
} from './page.ts'
export {
  boundOf,
  conditionOf,
  fieldTime,
  fingerprint,
  flowTimes,
  flowTimeSql,
  middleOf,
  withinSql,
  type Part,
  type RowQuery,
  type QueryTime,
} from './row-query.ts'
export { isoOf, momentOf, maxBuckets, stepFor, stepOf, type TimeSpan } from './span.ts'
export {
  conversationInitiator,
  conversationRanks,
  conversationsSql,
  type ConversationRank,
  type ConversationsRequest,
  type Direction,
  type Evidence,
} from './conversations.ts'
export { hashedEnds, hashedGroupsSql, hashedTextsSql, sharedPass, type HashedEnd } from './hashed-groups.ts'
export {
  countedDistinctSql,
  distinctSql,
  singleDistinctSql,
  storedDistinctSql,
  type DistinctRequest,
} from './distinct.ts'
export { exportSql, type ExportRequest } from './export.ts'
export { fieldUseSql, memberUseSql, valuesSql, type ValuesRequest } from './values.ts'
export {
  compareStats,
  hasStats,
  percentileIndex,
  percentiles,
  statisticsOf,
  stats,
  type Stat,
  type Statistics,
  type StatValue,
} from './stats.ts'
export {
  furtherMeasures,
  exactDoubles,
  groupsSql,
  hasManyGroups,
  isFurther,
  isMeasure,
  maxFlowDelayUs,
  lossSql,
  measures,
  summedMeasures,
  seriesSql,
  sourceOf,
  type FurtherMeasure,
  bucketSql,
  type GroupsRequest,
  type Measure,
  type Rank,
  type Rollup,
  type SeriesRequest,
  type AggregateQuery,
} from './sums.ts'
export { rollupGroupsSql, rollupTotalsSql, type RollupTotals, type SummedBuckets } from './rollup-groups.ts'
export { hasFewValues } from './few-values.ts'
export { groupSumsSql, placedSumsSql, placesOf, type Places } from './part-sums.ts'
export { candidateSumsSql } from './candidate-sums.ts'
export type { StoredEnds } from './endpoint-sums.ts'
export { countedField, countedValuesSql } from './counted-values.ts'
export {
  groupCountSql,
  groupSampleSql,
  groupShareSql,
  groupsOfBucketsSql,
  groupsPartSql,
  type BucketsOfGroups,
  type GroupsPart,
  type StoredEndpoints,
} from './many-groups.ts'
export { singleIdsOf, type SingleIds } from './endpoint-ids.ts'
export { nextWindows, rowsBefore, windowsOf, windowSql, type PageWindow } from './windows.ts'
export {
  conversationDetailsSql,
  conversationIdsSql,
  conversationsPartSql,
  conversationTotalsSql,
  type ConversationKey,
  type ConversationsPart,
} from './many-conversations.ts'
export { largestOfListsSql } from './conversation-lists.ts'
export { addressGroupsSql, countedAddressGroupsSql, singleAddressGroupsSql } from './address-groups.ts'
