import { messageOf } from '../../model/errors.ts'
import { dialectOf } from '../../query/index.ts'
import type { RowQuery, TimeSpan } from '../../query/plan/index.ts'
import { coverageFacts, coverageOf, isoSpan, storedTo, type Instance } from '../coverage.ts'
import { transferPart } from '../../store/file-sums/parts.ts'
import { rowQueryOf } from '../flows/row-query.ts'
import { sumsOfPart } from '../flows/sums/file-sums.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { dayOf, invoiceLines, invoiceSql, wholeDays, type InvoiceRow } from './invoice.ts'
import { currenciesOf, unpricedOf, usedPrices } from './result.ts'
import type { TransferRule } from './rules.ts'
import type { Transfers, TransfersQuery } from './schema.ts'
import { transfersSql, type TransferRow } from './sql.ts'

/** The settings, with the price lists of files. */
export type TransferSettings = Readonly<{ rules: readonly TransferRule[]; team: string }>

export type Around = Surroundings & Readonly<{ instance: Instance; transferSettings: () => Promise<TransferSettings> }>

type Reading = Readonly<{ query: TransfersQuery; settings: TransferSettings; rowQuery: RowQuery }>

export async function readTransfers(query: TransfersQuery, surroundings: Around): Promise<Transfers> {
  const { now, viewer, instance, transferSettings } = surroundings
  const { by = 'pair', limit = 20, from = 'now-24h', reporters = 'one' } = query
  const settings = await transferSettings().catch((error: unknown) => {
    throw new Refusal('WEIR_API_INVALID', `A price list cannot be read: ${messageOf(error)}`, [
      'Correct the file of `spend.transfers` in the configuration.',
    ])
  })
  const rowQuery = rowQueryOf({ ...query, from, reporters }, 'flow_time', now, viewer)
  const unstored = storedTo(instance, rowQuery.span)
  const reading = { query, settings, rowQuery }
  const rows = await rowsOf(reading, rowQuery.span, surroundings)
  return {
    span: isoSpan(rowQuery.span),
    by,
    currencies: currenciesOf(rows, settings.rules, limit),
    unpriced: unpricedOf(rows, settings.rules),
    prices: usedPrices(rows, settings.rules),
    invoice: await invoiceOf(reading, surroundings),
    ...coverageFacts({ ...(await coverageOf(instance, rowQuery)), ...unstored }),
  }
}

async function rowsOf({ query, settings, rowQuery: ofQuery }: Reading, span: TimeSpan, surroundings: Surroundings) {
  const { by = 'pair', limit = 20 } = query
  const { rules, team } = settings
  const { store, viewer } = surroundings
  const rowQuery = { ...ofQuery, span }
  const sums = await store.sums?.()
  const rollup = sums === undefined ? undefined : sumsOfPart(transferPart, rowQuery, sums)
  const request = { rowQuery, rollup, rules, by, limit, team, viewer }
  return readRows<TransferRow>(surroundings, transfersSql(request, dialectOf(store)))
}

async function invoiceOf(reading: Reading, surroundings: Surroundings): Promise<Transfers['invoice']> {
  const { query, settings, rowQuery } = reading
  const { store, viewer } = surroundings
  const days = wholeDays(rowQuery.span)
  const none = (note: string) => ({ span: null, note, lines: [] })
  if (viewer.namespaces !== undefined) return none('Costs of whole accounts are not visible to users of namespaces.')
  if (store.dialect === 'clickhouse') return none('The store in ClickHouse has no sums of costs.')
  if ((query.filter ?? '').trim() !== '') return none('A filter selects a part of the flows; invoices have no parts.')
  if (days === undefined) return none('The time range contains no whole day (UTC).')
  const sql = invoiceSql(settings.rules, days)
  if (sql === undefined) return none('No price list has patterns of lines of invoices.')
  const invoiced = await readRows<InvoiceRow>(surroundings, sql)
  const span = { from: dayOf(days.from), to: dayOf(days.to) }
  if (invoiced.length === 0) return { span, note: 'No row of costs of these days matches a pattern.', lines: [] }
  const rows = await rowsOf(reading, days, surroundings)
  const of = (rules: readonly TransferRule[]) =>
    currenciesOf(
      rows.filter(({ _class: name }) => rules.includes(settings.rules[Number(name.split('/')[0])]!)),
      settings.rules,
      0,
    )
  return { span, note: null, lines: invoiceLines(invoiced, settings.rules, of) }
}
