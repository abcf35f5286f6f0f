export const lists = ['events', 'logs', 'all'] as const
export type EventList = (typeof lists)[number]

export const groupings: Readonly<Record<EventList, readonly string[]>> = {
  events: ['type', 'source', 'family', 'subject'],
  logs: ['level', 'source'],
  all: ['family', 'type', 'source'],
}
