import { Complaint, choice, filePath, flag, group, list, text } from '../schema/index.ts'
import { listNames } from '../topics/transfers/lists/names.ts'

const transferList = group(
  {
    list: choice(listNames, { description: 'Price list of Weir', default: null, example: 'aws' }),
    file: filePath({
      description: 'File with another price list, in place of `list`',
      default: null,
      example: '/etc/weir/prices.yaml',
    }),
    clusters: list(text({ description: 'A cluster', required: true, example: 'prod-eu' }), {
      description: 'Clusters of the flows. Unset: all others, and flows without a cluster',
      default: [],
    }),
    nat: flag({ description: 'Connections from workloads to the internet pass a NAT gateway', default: false }),
    load_balancer: choice(['services', 'inbound'], {
      description:
        '`services`: only flows of an external address of a Service pass a load balancer. `inbound`: all connections ' +
        'from the internet pass one',
      default: 'services',
    }),
  },
  { description: 'A price list and the flows that it is for', required: true, example: { list: 'aws' } },
  ({ list: named, file }) =>
    (named === null) === (file === null)
      ? new Complaint('a price list needs either `list` or `file`', 'write one of them', [])
      : null,
)

const transfersGroup = group(
  {
    lists: list(transferList, { description: 'Price lists; the first one of a cluster applies', default: [] }),
    team: text({ description: 'Label of workloads or namespaces that names their team', default: 'team' }),
  },
  { description: 'Prices of transfers between zones and to the internet', default: {} },
)

export const spendGroup = group(
  {
    budgets: list(
      group(
        {
          currency: text(
            { description: 'Currency, as the costs have it', required: true, example: 'EUR' },
            { pattern: /[A-Z]{3}/, expects: 'three capital letters' },
          ),
          amount: text(
            { description: 'Amount of a month, as exact decimal in quotes', required: true, example: '1500.00' },
            { pattern: /\d{1,15}(\.\d{1,10})?/, expects: 'a decimal number such as 1500.00' },
          ),
          account: text({
            description: 'Billing account. Unset: the sum of all accounts with this currency',
            default: null,
            example: '123456789012',
          }),
        },
        { description: 'A budget of a month', required: true, example: { currency: 'EUR', amount: '1500.00' } },
      ),
      { description: 'Budgets that the page Spend compares with costs and forecast', default: [] },
    ),
    transfers: transfersGroup,
  },
  { description: 'Costs of clouds', default: {} },
  ({ budgets }) => {
    const keyOf = ({ currency, account }: (typeof budgets)[number]): string => `${currency} ${account ?? ''}`
    const twice = budgets.findIndex(
      (budget, at) => budgets.findIndex((candidate) => keyOf(candidate) === keyOf(budget)) !== at,
    )
    return twice === -1
      ? null
      : new Complaint(`two budgets are for ${keyOf(budgets[twice]!).trim()}`, 'keep one of them', ['budgets', twice])
  },
)
