import type { AnyComponentSchema, ConfigOf } from '../schema/index.ts'
import type { SinkDefinition, SourceDefinition, TransformDefinition } from './contracts.ts'

// Only the type of a schema is needed where its settings are used: threads do not load what validates them.

/** What a connector's `sink.ts` or `source.ts` exports: what is built from the settings of a schema, under the schema's type. */
export function defineSink<S extends AnyComponentSchema>(
  type: S['type'],
  given: Omit<SinkDefinition<ConfigOf<S>>, 'type'>,
): SinkDefinition<ConfigOf<S>> {
  return { type, ...given }
}

export function defineSource<S extends AnyComponentSchema>(
  type: S['type'],
  given: Omit<SourceDefinition<ConfigOf<S>>, 'type'>,
): SourceDefinition<ConfigOf<S>> {
  return { type, ...given }
}

export function defineTransform<S extends AnyComponentSchema>(
  type: S['type'],
  build: TransformDefinition<ConfigOf<S>>['build'],
): TransformDefinition<ConfigOf<S>> {
  return { type, build }
}
