import { defineSchema, duration, filePath, flag, integer, mapping, text, type ConfigOf } from '../../schema/index.ts'

export const spendSchema = defineSchema({
  type: 'spend',
  role: 'source',
  summary: 'Reads costs from a folder of FOCUS files, AWS cost and usage reports, or other CSV files',
  fields: {
    path: filePath({
      description: 'Folder, with subfolders, of files `.csv`, `.csv.gz` and `.parquet`',
      required: true,
      example: '/var/lib/weir/spend',
    }),
    every: duration(
      { description: 'Interval at which the files are tested for changes', default: '1m' },
      { min: '100ms', max: '1d' },
    ),
    columns: mapping(text({ description: 'Column of the file', required: true, example: 'Net amount' }), {
      description: 'Columns of files in another form: column of FOCUS, and column of the file',
      default: {},
      example: { BilledCost: 'Net amount', ChargePeriodStart: 'Day' },
    }),
    constants: mapping(text({ description: 'Value', required: true, example: 'EUR' }), {
      description: 'Values of columns of FOCUS that the files lack',
      default: {},
      example: { ProviderName: 'Open Telekom Cloud', BillingCurrency: 'EUR' },
    }),
    delimiter: text(
      { description: 'Delimiter of values in CSV', default: ',' },
      { pattern: /[,;|\t]/, expects: 'a comma, semicolon, vertical bar or tab' },
    ),
    origin: text(
      { description: 'Value of `x_Source` in the rows', default: 'focus' },
      { pattern: /[a-z][a-z0-9-]{0,30}/, expects: 'lowercase letters, digits and hyphens' },
    ),
    estimated: flag({ description: 'Marks rows as estimates, which rows of invoices replace', default: false }),
    max_rows: integer(
      { description: 'Maximum rows of a file; 1,000,000 need some 300 MB of memory', default: 1_000_000 },
      { min: 1, max: 10_000_000 },
    ),
  },
})

export type SpendConfig = ConfigOf<typeof spendSchema>
