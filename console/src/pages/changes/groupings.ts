export const groupings = ['operation', 'kind', 'namespace', 'actor'] as const
export type Grouping = (typeof groupings)[number]
