import { Unsafe } from 'typebox'
import type { Of } from '../../topics/schema.ts'

/** Members of an OpenAPI 3.1 description that the console reads; OpenAPI has a schema for the rest. */
export const ApiDescription = Unsafe<{ info: { version: string } }>({ type: 'object' })
export type ApiDescription = Of<typeof ApiDescription>
