import { Complaint, group, list, text, urlText } from '../schema/index.ts'

const usual = [
  { name: 'DNS', filter: 'any.port in (53, 853)' },
  { name: 'Web', filter: 'any.port in (80, 443, 8080, 8443)' },
  {
    name: 'Between namespaces',
    filter: 'exists(src_namespace) and exists(dst_namespace) and src_namespace != dst_namespace',
  },
  { name: 'Leaving the cluster', filter: 'exists(src_namespace) and not exists(dst_namespace)' },
  { name: 'Large', filter: 'bytes >= 1MB' },
  { name: 'With drops', filter: 'drop_packets > 0' },
]

export const consoleGroup = group(
  {
    url: urlText(
      {
        description: 'Address of the console for users, for links in alerts. Unset: the listen address',
        default: null,
        example: 'https://weir.example.com',
      },
      { schemes: ['http', 'https'] },
    ),
    quick_filters: list(
      group(
        {
          name: text(
            { description: 'Label of the button', required: true, example: 'DNS' },
            { pattern: /[^,\n]{1,40}/, expects: 'up to 40 characters without a comma' },
          ),
          filter: text({
            description: 'Filter, in the filter language (see `weir help filters`)',
            required: true,
            example: 'any.port = 53',
          }),
        },
        {
          description: 'A button that adds a filter',
          required: true,
          example: { name: 'DNS', filter: 'any.port = 53' },
        },
      ),
      {
        description: 'Filters that the Flows page offers as buttons. Active buttons are combined with the typed filter',
        default: usual,
      },
    ),
  },
  { description: 'Settings of the console', default: {} },
  ({ quick_filters: filters }) => {
    const twice = filters.findIndex(({ name }, index) => filters.findIndex((filter) => filter.name === name) !== index)
    return twice === -1
      ? null
      : new Complaint(`two quick filters have the name ${filters[twice]?.name ?? ''}`, 'give each its own', [
          'quick_filters',
          twice,
          'name',
        ])
  },
)
