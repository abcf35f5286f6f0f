const ends = { any: 'source or destination', src: 'source', dst: 'destination' } as const
const fields: Readonly<Record<string, string>> = {
  owner_name: 'workload',
  namespace: 'namespace',
  ns: 'namespace',
  name: 'name',
  node: 'node',
  label: 'network',
  kind: 'kind',
  actor: 'actor',
  actor_name: 'actor',
  action: 'action',
  resource_name: 'resource',
  service: 'service',
  type: 'type',
  source: 'source',
  subject: 'subject',
  address: 'address',
}

function fieldName(field: string): string {
  const [, end, part = ''] = /^(?:(any|src|dst)[._])?(.+)$/.exec(field) ?? []
  const name = fields[part] ?? part.replaceAll('_', ' ')
  return end === undefined || end === 'any' ? name : `${ends[end as 'src']} ${name}`
}

export const filterText = {
  ...ends,
  addressIs: (value: string) => `address is ${value}`,
  addressOf: (end: string, value: string) => `${end} address is ${value}`,
  endIs: (end: string, value: string) => `${end} is ${value}`,
  portIs: (value: string) => `port ${value}`,
  sourcePort: (value: string) => `source port ${value}`,
  servicePort: (value: string) => `service port ${value}`,
  portNamed: (port: string, name: string) => `${port} (${name})`,
  protocolIs: (value: string) => `protocol ${value}`,
  contains: (value: string) => `contains “${value}”`,
  fieldIs: (field: string, value: string) => `${fieldName(field)} ${value}`,
  not: (condition: string) => `not ${condition}`,
  conditions: 'Conditions',
  condition: (text: string) => `Condition: ${text}`,
  chipKeys: 'Enter edits, ! inverts, Delete removes',
  inAChip: 'In a condition of the filter',
  editCondition: 'edit the condition',
  invertCondition: 'invert the condition',
  removeCondition: 'remove the condition',
  nextCondition: 'next condition',
  previousCondition: 'previous condition',
  invert: (text: string) => `Invert: ${text}`,
  remove: (text: string) => `Remove: ${text}`,
  showAsText: 'Show the filter as text',
  showAsConditions: 'Show the filter as conditions',
  textSign: 'T',
  addCondition: 'Add a condition',
}
