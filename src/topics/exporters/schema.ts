import type { SourceExporters } from '../../engine/control.ts'
import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { parameters, type Of } from '../schema.ts'

export const ExportersParameters = (defaultLimit: number) =>
  parameters({
    source: Optional(Text()),
    limit: Optional(
      Integer({ minimum: 1, maximum: 100_000, description: `Maximum exporters of each source (${defaultLimit}).` }),
    ),
  })

/** `known`: recently seen exporters; the list may be cut. */
export type Exporters = Readonly<{ sources: readonly (SourceExporters & Readonly<{ known: number }>)[] }>

export const RecipesParameters = parameters({
  collector: Optional(
    Text({
      pattern: '^[A-Za-z0-9.:-]{1,253}$',
      description:
        'Address of this server as exporters see it. Unset: the listen address, or the host name of the request.',
    }),
  ),
})

export const ExporterRecipes = ObjectOf(
  {
    collector: Text({ description: 'Address of this server in the recipes.' }),
    recipes: ArrayOf(ObjectOf({ name: Text(), title: Text(), lines: ArrayOf(Text()) })),
  },
  { $id: 'ExporterRecipes' },
)
export type ExporterRecipes = Of<typeof ExporterRecipes>
