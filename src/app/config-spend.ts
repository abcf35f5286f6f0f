import { Complaint, group, list, text } from '../schema/index.ts'

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
