export const paletteText = {
  flowsOf: (meaning: string) => `Flows: ${meaning}`,
  auditOf: (address: string) => `Audit: from ${address}`,
  object: 'object',
  actor: 'actor',
  address: 'address',
  namespace: 'namespace',
  traffic: 'traffic',
  documentation: 'documentation',
  inNamespace: (name: string) => `Namespace ${name}`,
  searching: 'Searching …',
}
