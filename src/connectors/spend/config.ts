import { awsFields } from '../../messaging/aws-settings.ts'
import {
  choice,
  Complaint,
  defineSchema,
  duration,
  filePath,
  flag,
  group,
  integer,
  leaseFields,
  list,
  mapping,
  text,
  type ConfigOf,
} from '../../schema/index.ts'

const { endpoint, auth, tls } = awsFields
const dimensions = ['SERVICE', 'REGION', 'LINKED_ACCOUNT', 'USAGE_TYPE'] as const

const costExplorer = group(
  {
    group_by: list(choice(dimensions, { description: 'A dimension', required: true, example: 'SERVICE' }), {
      description: 'Dimensions of the rows, at most two',
      default: ['SERVICE', 'REGION'],
      example: ['SERVICE', 'LINKED_ACCOUNT'],
    }),
    account: text(
      {
        description: 'Account that pays. Unset: the account of the credentials, by `sts:GetCallerIdentity`',
        default: null,
        example: '123456789012',
      },
      { pattern: /\d{12}/, expects: 'an account of 12 digits' },
    ),
    every: duration(
      { description: 'Interval of readings; AWS renews the data three times a day', default: '8h' },
      { min: '6h', max: '7d' },
    ),
    backfill: duration(
      { description: 'Start of the first reading, relative to now', default: '62d' },
      { min: '3d', max: '395d' },
    ),
    requests_per_day: integer(
      {
        description: 'Greatest number of requests in a day of UTC; each page is one and costs 0.01 USD',
        unit: 'requests',
        default: 20,
      },
      { min: 1, max: 10_000 },
    ),
    usd_per_day: text(
      { description: 'Greatest price of all requests in a day of UTC, in USD', default: '0.20' },
      { pattern: /\d{1,3}(?:\.\d{1,2})?/, expects: 'an amount such as 0.20' },
    ),
    endpoint,
    auth,
    tls,
    timeout: duration({ description: 'Timeout of one response', default: '30s' }, { min: '10ms', max: '10m' }),
    lease: leaseFields.lease,
  },
  {
    description: 'Reads AWS Cost Explorer instead of a folder. AWS charges 0.01 USD for each request',
    default: null,
    example: { group_by: ['SERVICE', 'REGION'] },
  },
  ({ group_by: by, usd_per_day: usd }) => {
    if (by.length === 0 || by.length > 2 || new Set(by).size !== by.length)
      return new Complaint('Cost Explorer groups by one or two different dimensions', 'correct it', ['group_by'])
    return Number(usd) < 0.01 ? new Complaint('a request costs 0.01 USD', 'raise it', ['usd_per_day']) : null
  },
)

export const spendSchema = defineSchema({
  type: 'spend',
  role: 'source',
  summary:
    'Reads costs from a folder of FOCUS files, AWS cost and usage reports or other CSV files, or from AWS Cost ' +
    'Explorer',
  fields: {
    path: filePath({
      description: 'Folder, with subfolders, of files `.csv`, `.csv.gz` and `.parquet`',
      default: null,
      usual: true,
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
    runs: choice(['newest', 'all'], {
      description:
        'Runs of an export in folders of a billing period, as Azure and AWS write them: the newest one replaces ' +
        'earlier ones, or all are added',
      default: 'newest',
    }),
    origin: text(
      { description: 'Value of `x_Source` in the rows', default: 'focus' },
      { pattern: /[a-z][a-z0-9-]{0,30}/, expects: 'lowercase letters, digits and hyphens' },
    ),
    estimated: flag({ description: 'Marks rows as estimates, which rows of invoices replace', default: false }),
    max_rows: integer(
      { description: 'Maximum rows of a file; 1,000,000 need some 300 MB of memory', default: 1_000_000 },
      { min: 1, max: 10_000_000 },
    ),
    cost_explorer: costExplorer,
  },
  check: ({ path, cost_explorer: explorer }) =>
    (path === null) === (explorer === null)
      ? new Complaint('a source of costs reads a folder or Cost Explorer', 'set `path` or `cost_explorer`')
      : null,
})

export type SpendConfig = ConfigOf<typeof spendSchema>
export type FolderConfig = SpendConfig & Readonly<{ path: string }>
export type ExplorerConfig = NonNullable<SpendConfig['cost_explorer']>
