/** Costs in the form of FOCUS 1.2: readers of files, maps of answers of clouds, and the row key. */
export { balanceChange, type BalanceChange } from './balance.ts'
export { focusColumns, ownColumns } from './columns.ts'
export { CsvError, CsvReader, type CsvRecord } from './csv.ts'
export { insightCosts, invoiceCosts, summaryCosts, type InvoiceOrigin } from './digitalocean.ts'
export { costEvent, costHash, textIn } from './event.ts'
export { otcPrices, type Price } from './otc-prices.ts'
export { completed, costRow, CostRowError, mappingFor, rowKey, type ColumnMapping, type CostOrigin } from './row.ts'
export { addDecimals, decimalText, difference, monthOf, percentChange, product, quotient, timeText } from './values.ts'
