import { Unsafe } from 'typebox'
import type { Of } from '../../topics/schema.ts'

/** Of OpenAPI 3.1, which has its own schema: the members that the console reads. */
export const ApiDescription = Unsafe<{ info: { version: string } }>({ type: 'object' })
export type ApiDescription = Of<typeof ApiDescription>
