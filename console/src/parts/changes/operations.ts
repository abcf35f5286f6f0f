/** Operations on objects, in the order in which they are shown. */
export const operations = ['created', 'updated', 'deleted'] as const
