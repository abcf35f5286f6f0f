import type {
  FastifyInstance,
  FastifyTypeProvider,
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
} from 'fastify'
import type { TSchema } from 'typebox'
import type { Of } from '../../topics/schema.ts'
import { ApiError } from '../problems.ts'
import { problemIn, type Schema } from './check.ts'

interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Of<this['schema']> : unknown
  readonly serializer: unknown
}

type TypedRoutes = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  SchemaTypes
>

/** Requests of the routes have the types of their schemas. */
export function typed(app: FastifyInstance): TypedRoutes {
  return app.withTypeProvider<SchemaTypes>()
}

/** For a message that is no body of a route. Throws WEIR_API_INVALID. */
export function assertRequest<S extends TSchema>(value: unknown, schema: S, hint: string): asserts value is Of<S> {
  const problem = problemIn(value, schema as Schema)
  if (problem !== undefined) throw new ApiError('WEIR_API_INVALID', problem, { hints: [hint] })
}
