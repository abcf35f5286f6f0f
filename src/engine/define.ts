import type { AnyComponentSchema, ConfigOf } from '../schema/index.ts'
import type { SinkDefinition, SourceDefinition, TransformDefinition } from './ports.ts'

/** A sink and the schema of its settings: what a connector's `index.ts` exports. */
export type DefinedSink<S extends AnyComponentSchema> = SinkDefinition<ConfigOf<S>> & { readonly schema: S }
export type DefinedSource<S extends AnyComponentSchema> = SourceDefinition<ConfigOf<S>> & { readonly schema: S }

export type DefinedTransform<S extends AnyComponentSchema> = TransformDefinition<ConfigOf<S>> & { readonly schema: S }

/** Joins a schema with what is built from it; the component's type is the schema's. */
export function defineSink<S extends AnyComponentSchema>(schema: S, given: Omit<SinkDefinition<ConfigOf<S>>, 'type'>): DefinedSink<S> {
  return { type: schema.type, schema, ...given }
}

export function defineSource<S extends AnyComponentSchema>(schema: S, given: Omit<SourceDefinition<ConfigOf<S>>, 'type'>): DefinedSource<S> {
  return { type: schema.type, schema, ...given }
}

export function defineTransform<S extends AnyComponentSchema>(schema: S, build: TransformDefinition<ConfigOf<S>>['build']): DefinedTransform<S> {
  return { type: schema.type, schema, build }
}
