/** Fields by which the timeline of traces can be grouped. */
export const groupings = ['severity', 'service', 'actor', 'tenant', 'region'] as const
export type Grouping = (typeof groupings)[number]
