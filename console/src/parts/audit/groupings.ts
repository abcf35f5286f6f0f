export const groupings = ['severity', 'service', 'actor', 'tenant', 'region'] as const
export type Grouping = (typeof groupings)[number]
