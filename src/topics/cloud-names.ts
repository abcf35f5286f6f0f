/** Providers in FOCUS, as costs name them; others have the name that the inventory has. */
const ownNames: Readonly<Record<string, readonly string[]>> = {
  aws: ['aws', 'amazon web services', 'amazon'],
  otc: ['otc', 'open telekom cloud', 't cloud public'],
}

/** Names in lower case of a provider of the inventory. */
export const providerNames = (provider: string): readonly string[] => ownNames[provider] ?? [provider]

/** The provider of the inventory for a column of costs. */
export function inventoryProviderSql(column: string): string {
  const cases = Object.entries(ownNames).map(
    ([provider, names]) =>
      `WHEN lower(${column}) IN (${names.map((name) => `'${name}'`).join(', ')}) THEN '${provider}'`,
  )
  return `CASE ${cases.join(' ')} ELSE lower(${column}) END`
}
