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
