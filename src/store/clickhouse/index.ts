export { prepareViews, type PrepareOptions } from './prepare.ts'
export { ClickHouseReader, type ClickHouseReaderOptions } from './reader.ts'
export { viewNames, viewsOf } from './views.ts'
export { hourRowsSql, storedSums, sumFactsSql, type HourRows, type SumFacts } from './rollups.ts'
