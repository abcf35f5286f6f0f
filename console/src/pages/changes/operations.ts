export const operations = ['created', 'updated', 'deleted'] as const
