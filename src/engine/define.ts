import type { AnyComponentSchema, ConfigOf } from '../schema/index.ts'
import type { SinkDefinition, SourceDefinition, TransformDefinition } from './contracts.ts'

// Threads do not load validators.

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
  more: Pick<TransformDefinition<ConfigOf<S>>, 'accepts' | 'outputs' | 'problems'> = {},
): TransformDefinition<ConfigOf<S>> {
  return { type, build, ...more }
}
