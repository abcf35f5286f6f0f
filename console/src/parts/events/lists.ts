export const lists = ['events', 'logs', 'all'] as const
export type EventList = (typeof lists)[number]
