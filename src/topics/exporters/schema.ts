import { Array as ArrayOf, Integer, Number as Num, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { extensible, parameters, type Of } from '../schema.ts'

export const ExportersParameters = (defaultLimit: number) =>
  parameters({
    source: Optional(Text()),
    limit: Optional(
      Integer({ minimum: 1, maximum: 100_000, description: `Maximum exporters of each source (${defaultLimit}).` }),
    ),
  })

const why = Optional(Text({ description: 'Why data is missing or incomplete, and how to fix it.' }))

export const ExporterReport = extensible(
  ObjectOf({
    address: Text(),
    lastSeen: Num({ description: 'Unix ms of the last datagram.' }),
    datagrams: Integer(),
    rows: Integer(),
    why,
  }),
)
export type ExporterReport = Of<typeof ExporterReport>

export const SourceExporters = extensible(
  ObjectOf({
    name: Text(),
    type: Text(),
    addresses: ArrayOf(Text()),
    why,
    known: Integer({ description: 'Number of recently seen exporters; the response may contain fewer.' }),
    exporters: ArrayOf(ExporterReport, { description: 'Most recently seen first.' }),
  }),
  'A source may report further fields.',
)
export type SourceExporters = Of<typeof SourceExporters>

export const Exporters = ObjectOf({ sources: ArrayOf(SourceExporters) }, { $id: 'Exporters' })
export type Exporters = Of<typeof Exporters>

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
